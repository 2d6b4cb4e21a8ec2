/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;

/** Looks at a running muster as a stranger, as its operator, and at the machine below it. */
public final class Doctor {
  private final Patient patient;
  private final boolean mayChange;

  /**
   * @param data the directory of a muster that runs on this machine
   * @param mayChange whether a certificate may be issued, tried, revoked and tried again, and a
   *     file be written
   * @throws dev.muster.app.UserError if none runs there
   */
  public Doctor(Path data, Clock clock, boolean mayChange) {
    this.patient = new Patient(data, Endpoints.read(data), OperatorClient.local(data), clock);
    this.mayChange = mayChange;
  }

  /**
   * Examines it; blocks for some seconds. What cannot be looked at is among what it answers.
   *
   * @throws dev.muster.app.UserError if it does not answer its operator: one that was killed leaves
   *     its directory as it was, and all that can be told of it is that nobody is there
   */
  public List<Finding> examine() {
    JsonNode health = patient.operator().get("health");
    Findings findings = new Findings();
    new Admission(patient, mayChange).examine(findings);
    new TlsOffers(patient).examine(findings);
    findings.lookAround("ports", () -> Ports.ofThisMachine().examine(patient.tcpPorts()));
    new Lifetimes(patient).examine(findings);
    new Secrecy(patient.data()).examine(findings);
    new Machine(patient, mayChange).examine(findings, health);
    if (patient.ports().coaps() != null || patient.ports().telemetryCoaps() != null) {
      findings.look("coaps", () -> Finding.unknown("coaps", "not examined: it speaks DTLS"));
    }
    return findings.all();
  }
}
