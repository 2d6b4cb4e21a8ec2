/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Who can reach the ports: this machine alone, or whoever reaches it. A firewall before it is not
 * seen from here.
 *
 * @param outside the addresses by which others reach this machine
 */
record Ports(List<InetAddress> outside) {
  private static final int LIMIT_MS = 2_000;

  static Ports ofThisMachine() throws SocketException {
    List<InetAddress> outside = new ArrayList<>();
    for (NetworkInterface one : NetworkInterface.networkInterfaces().toList()) {
      if (one.isUp() && !one.isLoopback()) {
        one.inetAddresses().filter(address -> !address.isLinkLocalAddress()).forEach(outside::add);
      }
    }
    return new Ports(outside);
  }

  List<Finding> examine(Map<String, Integer> ports) {
    List<Finding> findings = new ArrayList<>();
    ports.forEach((name, port) -> findings.add(examine(name, port)));
    return findings;
  }

  private Finding examine(String name, int port) {
    String check = "port: " + name;
    List<String> open = outside.stream()
        .filter(address -> listens(address, port))
        .map(InetAddress::getHostAddress)
        .toList();
    if (open.isEmpty()) {
      return listens(InetAddress.getLoopbackAddress(), port)
          ? Finding.good(check, port + ", for this machine alone")
          : Finding.bad(check, port + ", and nobody listens", "see the log of the server");
    }
    String seen = port + ", open to whoever reaches " + String.join(", ", open);
    return name.equals(Patient.METRICS)
        ? Finding.doubtful(
            check,
            seen,
            "numbers of the fleet for everybody: metricsHost in muster.yaml, or a firewall")
        : Finding.good(check, seen);
  }

  private static boolean listens(InetAddress address, int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(address, port), LIMIT_MS);
      return true;
    } catch (IOException e) {
      return false;
    }
  }
}
