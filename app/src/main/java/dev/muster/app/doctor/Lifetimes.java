/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.Patient.Authority;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;

/** How long what time ends will last: CAs, the servers' certificates, CRLs; and the clock. */
final class Lifetimes {
  /** Ours renew themselves long before; what has so little left has not. */
  private static final Duration CA_LEAST = Duration.ofDays(30);

  private static final Duration SERVER_LEAST = Duration.ofDays(14);
  private static final Duration HTTP_LIMIT = Duration.ofSeconds(10);

  private final Patient patient;
  private final SignedHere signed = new SignedHere();

  Lifetimes(Patient patient) {
    this.patient = patient;
  }

  void examine(Findings findings) {
    findings.lookAround("CAs", () -> {
      List<Authority> authorities = patient.authorities();
      authorities.forEach(ca -> signed.note("the CA " + ca.id(), ca.certificate()));
      authorities.stream().filter(Authority::isIssuer).forEach(ca -> crl(findings, ca));
      return authorities.stream()
          .filter(Authority::isActive)
          .map(ca -> authority(ca, now()))
          .toList();
    });
    patient.tlsPorts().forEach((name, port) -> {
      String check = name + ": server certificate";
      findings.look(check, () -> server(check, port));
    });
    findings.look("clock", () -> signed.against(now()));
  }

  private Instant now() {
    return patient.clock().instant();
  }

  /** One that is prepared does not help before somebody uses it. */
  static Finding authority(Authority active, Instant now) {
    return left(
        "CA: " + active.id(),
        active.certificate(),
        now,
        CA_LEAST,
        "let the next one follow: muster admin authorities roll-over " + active.kind());
  }

  private Finding server(String check, int port) throws IOException {
    try (SSLSocket socket = new Visitor(patient.trusted("root"), null).connect(port)) {
      X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      signed.note("the certificate of port " + port, shown);
      return server(check, shown, now());
    } catch (SSLException e) {
      if (!Visitor.isOurMistrust(e)) {
        throw e;
      }
      return Finding.bad(
          check,
          "not one below our root for " + Patient.HOST + ": " + e.getMessage(),
          "hostNames in muster.yaml must name this machine; or another server has this port");
    }
  }

  static Finding server(String check, X509Certificate shown, Instant now) {
    return left(check, shown, now, SERVER_LEAST, "it should have been renewed: see the log");
  }

  private static Finding left(
      String check, X509Certificate certificate, Instant now, Duration least, String advice) {
    Instant end = certificate.getNotAfter().toInstant();
    Duration left = Duration.between(now, end);
    if (left.isNegative()) {
      return Finding.bad(check, "ended at " + end, advice);
    }
    String seen = left.toDays() + " days left, until " + end;
    return left.compareTo(least) < 0
        ? Finding.doubtful(check, seen, advice)
        : Finding.good(check, seen);
  }

  private void crl(Findings findings, Authority issuer) {
    Integer port = patient.ports().http();
    String check = "CRL: " + issuer.id();
    if (port != null) {
      findings.look(check, () -> crl(check, issuer, port));
    }
  }

  private Finding crl(String check, Authority issuer, int port)
      throws IOException, InterruptedException {
    URI uri = URI.create("http://" + Patient.HOST + ":" + port + "/crl/" + issuer.id() + ".crl");
    HttpResponse<byte[]> response = HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(uri).timeout(HTTP_LIMIT).build(),
            HttpResponse.BodyHandlers.ofByteArray());
    if (response.statusCode() != 200) {
      return Finding.bad(check, uri + ": status " + response.statusCode(), "see health");
    }
    try {
      X509CRL crl = CrlCheck.parse(response.body());
      signed.note("the CRL of " + issuer.id(), crl.getThisUpdate().toInstant());
      return CrlCheck.judge(check, crl, issuer.certificate(), now());
    } catch (GeneralSecurityException e) {
      return Finding.bad(check, uri + ": " + e.getMessage(), "somebody else answers on this port");
    }
  }
}
