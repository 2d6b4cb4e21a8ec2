/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.doctor.Visitor.Identity;
import dev.muster.app.operator.CertificateRequest;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.file.Pem;
import java.time.Clock;
import java.time.Duration;

/** A certificate of ours, made to be tried and revoked. Whoever orders one revokes it. */
final class TrialCertificate {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final Patient patient;
  private final String name;
  private final CertificateRequest request;
  private final String serial;
  private final String chain;

  private TrialCertificate(
      Patient patient, String name, CertificateRequest request, JsonNode issued) {
    this.patient = patient;
    this.name = name;
    this.request = request;
    this.serial = issued.path("serial").asText();
    this.chain = issued.path("chain").asText();
  }

  /** A name that no other has: known before it is ordered, for the answer may be lost. */
  static String newName(Clock clock) {
    return "doctor-" + Long.toString(clock.millis(), 36);
  }

  /** @throws dev.muster.app.UserError if no answer came; it may have been issued all the same */
  static TrialCertificate order(Patient patient, String name) {
    CertificateRequest request = CertificateRequest.create();
    ObjectNode order = JSON.createObjectNode();
    order.put("role", "consumer").put("name", name).put("csr", request.csrPem());
    JsonNode issued = patient.operator().post("certificates", order);
    return new TrialCertificate(patient, name, request, issued);
  }

  String serial() {
    return serial;
  }

  /** Never throws: it is revoked after this. */
  Attempt tryMqtt(int port) {
    try {
      Identity identity = new Identity(request.key(), Pem.certificates(chain));
      return new Visitor(patient.trusted("root"), identity).visit(port, new MqttWords(name));
    } catch (RuntimeException e) {
      return Attempt.unknown("not tried: " + e.getMessage());
    }
  }

  /** @return how long it took until the CA had it done, and brokers had answered */
  Duration revoke() {
    long start = System.nanoTime();
    patient
        .operator()
        .post(
            "certificates/" + OperatorClient.segment(serial) + "/revoke",
            JSON.createObjectNode().put("reason", "cessationOfOperation"));
    return Duration.ofNanos(System.nanoTime() - start);
  }
}
