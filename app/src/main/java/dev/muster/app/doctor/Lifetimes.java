/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSocket;

/** How long what time ends will last: CAs, the servers' certificates, CRLs. */
final class Lifetimes {
  /** Ours renew themselves long before; what has so little left has not. */
  private static final Duration CA_LEAST = Duration.ofDays(30);

  private static final Duration SERVER_LEAST = Duration.ofDays(14);
  private static final Duration HTTP_LIMIT = Duration.ofSeconds(10);

  private final Patient patient;
  private final Instant now;

  Lifetimes(Patient patient) {
    this.patient = patient;
    this.now = patient.clock().instant();
  }

  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    for (String kind : List.of("root", "device-ca", "service-ca")) {
      findings.add(authority(kind));
    }
    patient.tlsPorts().forEach((name, port) -> findings.add(server(name, port)));
    if (patient.ports().http() != null) {
      findings.add(crl("device", patient.ports().http()));
      findings.add(crl("service", patient.ports().http()));
    }
    findings.add(clockAgainst(patient.trusted("service-ca")));
    return findings;
  }

  /** Of several, the newest: the others are on their way out. */
  private Finding authority(String kind) {
    Date end = patient.trusted(kind).stream()
        .map(X509Certificate::getNotAfter)
        .max(Date::compareTo)
        .orElseThrow();
    return left(
        "CA: " + kind, end, CA_LEAST, "make the next one: muster admin authorities roll-over");
  }

  private Finding server(String name, int port) {
    String check = name + ": server certificate";
    try (SSLSocket socket = new TlsClient(patient.trusted("root"), null).connect(port)) {
      X509Certificate shown = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return left(
          check, shown.getNotAfter(), SERVER_LEAST, "it should have been renewed: see the log");
    } catch (IOException e) {
      return Finding.bad(
          check,
          "not one below our root for " + Patient.HOST + ": " + e.getMessage(),
          "hostNames in muster.yaml must name this machine; or another server has this port");
    }
  }

  private Finding left(String check, Date end, Duration least, String advice) {
    Duration left = Duration.between(now, end.toInstant());
    String seen = left.toDays() + " days left, until " + end.toInstant();
    if (left.isNegative()) {
      return Finding.bad(check, "ended at " + end.toInstant(), advice);
    }
    return left.compareTo(least) < 0
        ? Finding.doubtful(check, seen, advice)
        : Finding.good(check, seen);
  }

  private Finding crl(String issuer, int port) {
    String check = "CRL: " + issuer + " CA";
    URI uri = URI.create("http://" + Patient.HOST + ":" + port + "/crl/" + issuer + ".crl");
    try {
      HttpResponse<byte[]> response = HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(uri).timeout(HTTP_LIMIT).build(),
              HttpResponse.BodyHandlers.ofByteArray());
      if (response.statusCode() != 200) {
        return Finding.bad(check, uri + ": status " + response.statusCode(), "see health");
      }
      return examined(check, issuer, response.body());
    } catch (IOException | GeneralSecurityException e) {
      return Finding.bad(check, uri + ": " + e.getMessage(), "see health, and the log of muster");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Finding.unknown(check, "interrupted");
    }
  }

  private Finding examined(String check, String issuer, byte[] der)
      throws GeneralSecurityException {
    X509CRL crl = (X509CRL)
        CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
    if (patient.trusted(issuer + "-ca").stream().noneMatch(ca -> isSignedBy(crl, ca))) {
      return Finding.bad(check, "not signed by the CA", "somebody else answers on this port");
    }
    Instant made = crl.getThisUpdate().toInstant();
    Instant next = crl.getNextUpdate().toInstant();
    int entries = Optional.ofNullable(crl.getRevokedCertificates())
        .map(List::copyOf)
        .orElse(List.of())
        .size();
    String seen = Duration.between(made, now).toMinutes() + " minutes old, " + entries
        + " entries, next by " + next;
    return next.isBefore(now)
        ? Finding.bad(check, seen, "it is stale, and brokers will turn everybody away: see health")
        : Finding.good(check, seen);
  }

  private static boolean isSignedBy(X509CRL crl, X509Certificate ca) {
    try {
      crl.verify(ca.getPublicKey());
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  /** A clock that is behind what it has signed itself was set back. */
  private Finding clockAgainst(List<X509Certificate> made) {
    Instant newest = made.stream()
        .map(certificate -> certificate.getNotBefore().toInstant())
        .max(Instant::compareTo)
        .orElse(Instant.EPOCH);
    return now.isBefore(newest)
        ? Finding.bad(
            "clock", now + " is before the CA was made, " + newest, "set the clock of this machine")
        : Finding.good("clock", now + ", after all that was signed here");
  }
}
