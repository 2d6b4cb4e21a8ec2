/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.UserError;
import dev.muster.app.doctor.TlsClient.Attempt;
import dev.muster.app.doctor.TlsClient.Identity;
import dev.muster.app.operator.CertificateRequest;
import dev.muster.app.operator.OperatorClient;
import java.io.ByteArrayInputStream;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who gets in: it tries to, as somebody who should not. */
final class Admission {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String STRANGER = "doctor";
  private static final String OPEN = "a stranger is let in: stop it, and see its settings";

  private static final Set<Integer> REFUSED =
      Set.of(0, HttpURLConnection.HTTP_UNAUTHORIZED, HttpURLConnection.HTTP_FORBIDDEN);

  private final Patient patient;
  private final boolean mayChange;

  /** @param mayChange whether a certificate may be issued and revoked to try with it */
  Admission(Patient patient, boolean mayChange) {
    this.patient = patient;
    this.mayChange = mayChange;
  }

  List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    Integer mqtt = patient.ports().mqtt();
    if (mqtt != null) {
      findings.add(turnedAway("mqtt: without TLS", TlsClient.tryPlainMqtt(mqtt, STRANGER)));
      findings.add(turnedAway("mqtt: no certificate", client(null).tryMqtt(mqtt, STRANGER)));
      findings.add(
          turnedAway("mqtt: foreign certificate", client(foreign()).tryMqtt(mqtt, STRANGER)));
      findings.addAll(revoked(mqtt));
    }
    Integer est = patient.ports().est();
    if (est != null) {
      findings.add(enrollment("est: no certificate", est, null));
      findings.add(enrollment("est: foreign certificate", est, foreign()));
    }
    Integer operator = patient.ports().operator();
    if (operator != null) {
      findings.add(token("operator: no token", operator, ""));
      findings.add(token(
          "operator: wrong token", operator, "Authorization: Bearer " + "A".repeat(43) + "\r\n"));
    }
    return findings;
  }

  private TlsClient client(@Nullable Identity identity) {
    return new TlsClient(patient.trusted("root"), identity);
  }

  private Identity foreign() {
    return ForeignIdentity.make(patient.clock().instant());
  }

  private static Finding turnedAway(String check, Attempt attempt) {
    return attempt.letIn()
        ? Finding.bad(check, "let in (" + attempt.how() + ")", OPEN)
        : Finding.good(check, "turned away: " + attempt.how());
  }

  /** A certificate of ours is let in, and once it is revoked it is not. */
  private List<Finding> revoked(int port) {
    String check = "mqtt: revoked certificate";
    if (!mayChange || patient.ports().est() == null) {
      return List.of(Finding.unknown(
          check, mayChange ? "no CA runs here to revoke one" : "not tried (--read-only)"));
    }
    CertificateRequest request = CertificateRequest.create();
    String name = "doctor-" + Long.toString(patient.clock().millis(), 36);
    ObjectNode order = JSON.createObjectNode();
    order.put("role", "consumer").put("name", name).put("csr", request.csrPem());
    JsonNode issued = patient.operator().post("certificates", order);
    TlsClient client =
        client(new Identity(request.key(), chain(issued.path("chain").asText())));
    Attempt before = client.tryMqtt(port, name);
    Instant start = patient.clock().instant();
    String serial = OperatorClient.segment(issued.path("serial").asText());
    patient
        .operator()
        .post(
            "certificates/" + serial + "/revoke",
            JSON.createObjectNode().put("reason", "cessationOfOperation"));
    long tookMs = Duration.between(start, patient.clock().instant()).toMillis();
    Attempt after = client.tryMqtt(port, name);
    if (!before.letIn()) {
      return List.of(
          Finding.bad(
              "mqtt: our certificate",
              "turned away: " + before.how(),
              "nobody gets in: see the log of muster, and: muster admin sessions refusals " + name),
          Finding.unknown(check, "it was not let in before"));
    }
    String then = ", " + tookMs + " ms after it was revoked";
    return List.of(
        Finding.good("mqtt: our certificate", "let in"),
        after.letIn()
            ? Finding.bad(check, "let in" + then, "the CRL does not reach the broker: see health")
            : Finding.good(check, "turned away: " + after.how() + then));
  }

  private static List<X509Certificate> chain(String pem) {
    try {
      byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
      return CertificateFactory.getInstance("X.509")
          .generateCertificates(new ByteArrayInputStream(bytes))
          .stream()
          .map(X509Certificate.class::cast)
          .toList();
    } catch (CertificateException e) {
      throw new UserError("the server's answer holds no certificates: " + e.getMessage());
    }
  }

  private Finding enrollment(String check, int port, @Nullable Identity identity) {
    String body = "AAAA";
    int status = client(identity)
        .tryHttp(
            port,
            "POST /.well-known/est/simpleenroll HTTP/1.1\r\nHost: localhost\r\nContent-Type:"
                + " application/pkcs10\r\nContent-Length: " + body.length()
                + "\r\nConnection: close\r\n\r\n" + body);
    return status(check, status);
  }

  private Finding token(String check, int port, String header) {
    int status = client(null)
        .tryHttp(
            port,
            "GET /api/v1/devices HTTP/1.1\r\nHost: localhost\r\n" + header
                + "Connection: close\r\n\r\n");
    return status(check, status);
  }

  private static Finding status(String check, int status) {
    String seen = status == 0 ? "the handshake was refused" : "status " + status;
    return REFUSED.contains(status)
        ? Finding.good(check, "turned away: " + seen)
        : Finding.bad(check, seen + " (expected: 401 or 403)", OPEN);
  }
}
