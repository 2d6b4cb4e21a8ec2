/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import dev.muster.device.testing.Mosquitto;
import dev.muster.device.testing.TestFleet;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Mosquitto over mutual TLS, and the files that clients need for it. On port 8883 of an address of
 * its own, for one of the clients knows no other port.
 */
final class Broker implements AutoCloseable {
  private static final String HOST = "127.0.88.83";
  private static final int PORT = 8883;

  private final Mosquitto broker;
  private final Link link;

  /** @param clients where those have their files: away from the broker, which writes a log */
  Broker(Path folder, Path clients) throws IOException {
    TestFleet fleet = new TestFleet(folder);
    Credential own = fleet.deviceCa().issue("CN=bench, O=default, OU=device").build();
    Path identity = Files.createDirectories(clients.resolve("state/identity/0001"));
    TestPki.write(clients, "own", own);
    Files.copy(clients.resolve("own.key"), identity.resolve("key.pem"));
    Files.copy(clients.resolve("own.pem"), identity.resolve("chain.pem"));
    Files.copy(fleet.trust(), clients.resolve("root.pem"));
    Files.writeString(identity.resolveSibling("current"), "1\n");
    Credential server =
        fleet.serviceCa().issue("CN=server, OU=server").serverAt(HOST).build();
    // A line for each packet would be what is measured, and no broker in the field writes it. Nor
    // is it the broker's window, of 20 by default, that is compared.
    this.broker =
        Mosquitto.start(fleet, server, "log_type none\nmax_inflight_messages 64", HOST, PORT);
    this.link = new Link(HOST, PORT, clients);
  }

  Link link() {
    return link;
  }

  /** From now on nothing is answered. */
  void freeze() {
    broker.freeze();
  }

  @Override
  public void close() {
    broker.close();
  }
}
