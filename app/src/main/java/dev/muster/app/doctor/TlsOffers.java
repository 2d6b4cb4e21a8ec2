/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/** Which versions of TLS a server speaks, and whether it can be talked into a weak suite. */
final class TlsOffers {
  private static final int TLS_1_2 = 0x0303;

  /** ECDHE with AES-CBC and with GCM, so that a version is not refused for its suites. */
  private static final List<Integer> USUAL =
      List.of(0xC009, 0xC00A, 0xC013, 0xC014, 0xC02B, 0xC02F);

  private static final Map<String, Integer> OLD_VERSIONS = new LinkedHashMap<>();

  static {
    OLD_VERSIONS.put("SSL 3.0", 0x0300);
    OLD_VERSIONS.put("TLS 1.0", 0x0301);
    OLD_VERSIONS.put("TLS 1.1", 0x0302);
  }

  private static final Map<String, List<Integer>> WEAK_SUITES = new LinkedHashMap<>();

  static {
    WEAK_SUITES.put("no encryption", List.of(0x0001, 0x0002, 0x003B, 0xC006, 0xC010));
    WEAK_SUITES.put("no server certificate", List.of(0x0018, 0x0034, 0x006C, 0xC018, 0xC019));
    WEAK_SUITES.put("RC4 or 3DES", List.of(0x0004, 0x0005, 0x000A, 0xC007, 0xC008, 0xC011, 0xC012));
    WEAK_SUITES.put("no forward secrecy", List.of(0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D));
  }

  private final Patient patient;

  TlsOffers(Patient patient) {
    this.patient = patient;
  }

  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    patient.tlsPorts().forEach((name, port) -> {
      findings.add(versions(name, port));
      findings.add(weaknesses(name, port));
    });
    return findings;
  }

  private Finding versions(String name, int port) {
    String check = name + ": TLS versions";
    List<String> spoken = new ArrayList<>();
    for (String version : List.of("TLSv1.3", "TLSv1.2")) {
      try (SSLSocket socket = new TlsClient(patient.trusted("root"), null).connect(port, version)) {
        SSLSession session = socket.getSession();
        spoken.add(session.getProtocol() + " (" + session.getCipherSuite() + ")");
      } catch (IOException e) {
        // It does not speak this one.
      }
    }
    return spoken.isEmpty()
        ? Finding.bad(
            check, "none that this machine speaks, or not our certificate", "see the log of muster")
        : Finding.good(check, String.join(", ", spoken));
  }

  private static Finding weaknesses(String name, int port) {
    String check = name + ": old versions, weak suites";
    List<String> accepted = new ArrayList<>();
    try {
      for (Map.Entry<String, Integer> old : OLD_VERSIONS.entrySet()) {
        if (new ClientHello(old.getValue(), USUAL).offerTo(port).isPresent()) {
          accepted.add(old.getKey());
        }
      }
      for (Map.Entry<String, List<Integer>> weak : WEAK_SUITES.entrySet()) {
        Optional<Integer> chosen = new ClientHello(TLS_1_2, weak.getValue()).offerTo(port);
        chosen.ifPresent(
            suite -> accepted.add(weak.getKey() + String.format(" (suite 0x%04X)", suite)));
      }
    } catch (IOException e) {
      return Finding.unknown(check, "no answer: " + e.getMessage());
    }
    return accepted.isEmpty()
        ? Finding.good(
            check,
            "refused: " + String.join(", ", OLD_VERSIONS.keySet()) + "; "
                + String.join(", ", WEAK_SUITES.keySet()))
        : Finding.bad(
            check,
            "accepted: " + String.join(", ", accepted),
            "java.security of this machine allows them: restore jdk.tls.disabledAlgorithms");
  }
}
