/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** Looks at a running muster as a stranger, as its operator, and at the machine below it. */
public final class Doctor {
  private final Patient patient;
  private final boolean mayChange;

  /**
   * @param data the directory of a muster that runs on this machine
   * @param mayChange whether a certificate may be issued, tried, revoked and tried again
   */
  public Doctor(Path data, Clock clock, boolean mayChange) {
    this.patient = new Patient(data, Endpoints.read(data), OperatorClient.local(data), clock);
    this.mayChange = mayChange;
  }

  /**
   * Examines it; blocks for some seconds.
   *
   * @throws dev.muster.app.UserError if its operator API does not answer
   */
  public List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(new Admission(patient, mayChange).examine());
    findings.addAll(new TlsOffers(patient).examine());
    findings.addAll(new Lifetimes(patient).examine());
    findings.addAll(new Machine(patient).examine());
    return findings;
  }
}
