/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.ClientHello.Answer;
import dev.muster.protocol.tls.TlsProfile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

/** Which versions of TLS a server speaks, and whether it can be talked into a weak suite. */
final class TlsOffers {
  private static final int TLS_1_2 = 0x0303;

  /** The alert of RFC 8446, 6.2. */
  private static final int PROTOCOL_VERSION = 70;

  /** ECDHE with AES-CBC and with GCM, so that a version is not refused for its suites. */
  private static final List<Integer> USUAL =
      List.of(0xC009, 0xC00A, 0xC013, 0xC014, 0xC02B, 0xC02C, 0xC02F, 0xC030);

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
    // With RSA, and with the fixed EC key of the certificate.
    WEAK_SUITES.put(
        "no forward secrecy",
        List.of(
            0x002F, 0x0035, 0x003C, 0x003D, 0x009C, 0x009D, 0xC004, 0xC005, 0xC025, 0xC026, 0xC02D,
            0xC02E));
  }

  private final Patient patient;

  TlsOffers(Patient patient) {
    this.patient = patient;
  }

  void examine(Findings findings) {
    patient.tlsPorts().forEach((name, port) -> {
      String versions = name + ": TLS versions";
      findings.look(versions, () -> versions(versions, port));
      String weak = name + ": old versions, weak suites";
      findings.look(weak, () -> weaknesses(weak, port));
    });
  }

  private Finding versions(String check, int port) throws IOException {
    List<String> spoken = new ArrayList<>();
    for (String version : TlsProfile.PROTOCOLS) {
      Visitor visitor = new Visitor(patient.trusted("root"), null);
      try (SSLSocket socket = visitor.connect(port, version)) {
        SSLSession session = socket.getSession();
        spoken.add(session.getProtocol() + " (" + session.getCipherSuite() + ")");
      } catch (IOException e) {
        if (visitor.wasAsked() && !Visitor.isOurMistrust(e)) {
          spoken.add(version + " (to those with a certificate)");
        } else if (!(e instanceof SSLException) || Visitor.isOurMistrust(e)) {
          throw e;
        }
      }
    }
    return spoken.isEmpty()
        ? Finding.bad(check, "none that this machine speaks", "see the log of muster")
        : Finding.good(check, String.join(", ", spoken));
  }

  static Finding weaknesses(String check, int port) throws IOException {
    Answer usual = new ClientHello(TLS_1_2, USUAL).offerTo(port);
    boolean newer = usual instanceof Answer.Alert alert && alert.description() == PROTOCOL_VERSION;
    if (!newer && !(usual instanceof Answer.Chosen)) {
      return Finding.unknown(
          check, "an ordinary offer is refused, too (" + usual + "): that shows nothing");
    }
    Tried tried = tried(port);
    if (!tried.accepted.isEmpty()) {
      return Finding.bad(
          check,
          "accepted: " + String.join(", ", tried.accepted),
          "java.security of this machine allows them: restore jdk.tls.disabledAlgorithms");
    }
    if (!tried.unanswered.isEmpty()) {
      return Finding.unknown(
          check,
          "it hung up, which may have had any reason: " + String.join(", ", tried.unanswered));
    }
    return Finding.good(
        check,
        newer
            ? "refused: all before TLS 1.3, and their suites with them"
            : "refused: " + String.join(", ", OLD_VERSIONS.keySet()) + "; "
                + String.join(", ", WEAK_SUITES.keySet()));
  }

  /** @param unanswered what neither a choice nor an alert came for */
  private record Tried(List<String> accepted, List<String> unanswered) {
    void note(String offer, Answer answer) {
      if (answer instanceof Answer.HungUp) {
        unanswered.add(offer);
      } else if (answer instanceof Answer.Chosen chosen) {
        accepted.add(offer + String.format(" (suite 0x%04X)", chosen.suite()));
      }
    }
  }

  private static Tried tried(int port) throws IOException {
    Tried tried = new Tried(new ArrayList<>(), new ArrayList<>());
    for (Map.Entry<String, Integer> old : OLD_VERSIONS.entrySet()) {
      tried.note(old.getKey(), new ClientHello(old.getValue(), USUAL).offerTo(port));
    }
    for (Map.Entry<String, List<Integer>> weak : WEAK_SUITES.entrySet()) {
      tried.note(weak.getKey(), new ClientHello(TLS_1_2, weak.getValue()).offerTo(port));
    }
    return tried;
  }
}
