/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.Finding.Verdict;
import java.time.Duration;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/** Who gets in: it tries to, as somebody who should not. */
final class Admission {
  private static final MqttWords MQTT = new MqttWords("doctor");
  private static final HttpWords CA_CERTIFICATES = HttpWords.get("/.well-known/est/cacerts");

  /** 400: it has gone on to read the request, which is none. */
  private static final HttpWords ENROLLMENT =
      HttpWords.post("/.well-known/est/simpleenroll", "application/pkcs10", "AAAA", List.of(400));

  private static final String DEVICES = "/api/v1/devices";
  private static final String WRONG_TOKEN = "Authorization: Bearer " + "A".repeat(43);

  private final Patient patient;
  private final boolean mayChange;

  /** @param mayChange whether a certificate may be issued and revoked to try with it */
  Admission(Patient patient, boolean mayChange) {
    this.patient = patient;
    this.mayChange = mayChange;
  }

  void examine(Findings findings) {
    Integer mqtt = patient.ports().mqtt();
    if (mqtt != null) {
      mqtt(findings, mqtt);
    }
    Integer est = patient.ports().est();
    if (est != null) {
      est(findings, est);
    }
    Integer operator = patient.ports().operator();
    if (operator != null) {
      operator(findings, operator);
    }
  }

  private void mqtt(Findings findings, int port) {
    String clear = "mqtt: without TLS";
    findings.look(clear, () -> MQTT.sayInTheClear(port).ofAStranger(clear));
    String nobody = "mqtt: no certificate";
    findings.look(nobody, () -> nobody().visit(port, MQTT).ofAStranger(nobody));
    String foreign = "mqtt: foreign certificate";
    findings.look(foreign, () -> shown(foreigner(), port, MQTT).ofAStranger(foreign));
    revocation(findings, port);
  }

  private void est(Findings findings, int port) {
    String nobody = "est: no certificate";
    findings.look(nobody, () -> enrolling(nobody(), port).ofAStranger(nobody));
    String foreign = "est: foreign certificate";
    findings.look(foreign, () -> {
      Visitor visitor = foreigner();
      Attempt attempt = enrolling(visitor, port);
      return unlessKept(visitor, attempt).ofAStranger(foreign);
    });
  }

  private void operator(Findings findings, int port) {
    String none = "operator: no token";
    findings.look(none, () -> nobody().visit(port, HttpWords.get(DEVICES)).ofAStranger(none));
    String wrong = "operator: wrong token";
    findings.look(
        wrong, () -> nobody().visit(port, HttpWords.get(DEVICES, WRONG_TOKEN)).ofAStranger(wrong));
  }

  private Visitor nobody() {
    return new Visitor(patient.trusted("root"), null);
  }

  /** Whose certificate claims to come from our CA. */
  private Visitor foreigner() {
    List<X500Principal> issuers = patient.trusted("device-ca").stream()
        .map(ca -> ca.getSubjectX500Principal())
        .toList();
    return new Visitor(
        patient.trusted("root"),
        ForeignIdentity.make(issuers.get(issuers.size() - 1), patient.clock().instant()));
  }

  static Attempt shown(Visitor visitor, int port, Visitor.Words words) {
    return unlessKept(visitor, visitor.visit(port, words));
  }

  /** Being turned away says nothing of a certificate that nobody wanted to see. */
  private static Attempt unlessKept(Visitor visitor, Attempt attempt) {
    return attempt.isTurnedAway() && !visitor.wasAsked()
        ? Attempt.unknown("turned away before it was asked for a certificate: " + attempt.how())
        : attempt;
  }

  /** Tries what is for everybody first: a server that does not even answer that shows nothing. */
  private static Attempt enrolling(Visitor visitor, int port) {
    Attempt open = visitor.visit(port, CA_CERTIFICATES);
    if (open.isTurnedAway()) {
      return open;
    }
    return open.isLetIn()
        ? visitor.visit(port, ENROLLMENT)
        : Attempt.unknown("cacerts, which is for everybody: " + open.how());
  }

  /** A certificate of ours is let in, and once it is revoked it is not. */
  private void revocation(Findings findings, int port) {
    String check = "mqtt: revoked certificate";
    if (!mayChange || patient.ports().est() == null) {
      String why = mayChange ? "no CA runs here to revoke one" : "not tried (--read-only)";
      findings.look(check, () -> Finding.unknown(check, why));
    } else {
      findings.lookAround(check, () -> revocation(check, port));
    }
  }

  private List<Finding> revocation(String check, int port) {
    String name = TrialCertificate.newName(patient.clock());
    TrialCertificate trial;
    try {
      trial = TrialCertificate.order(patient, name);
    } catch (RuntimeException e) {
      return List.of(perhapsIssued(check, name, e));
    }
    Attempt before = trial.tryMqtt(port);
    Duration took;
    try {
      took = trial.revoke();
    } catch (RuntimeException e) {
      return List.of(ours(before, name), stillGood(check, trial.serial(), e));
    }
    return List.of(ours(before, name), revoked(check, before, trial.tryMqtt(port), took));
  }

  private static Finding perhapsIssued(String check, String name, RuntimeException e) {
    return new Finding(
        Verdict.UNKNOWN,
        check,
        "not examined: " + e.getMessage(),
        "if certificate " + name + " was issued all the same (muster admin certificates list): "
            + "muster admin certificates revoke SERIAL --reason cessationOfOperation");
  }

  static Finding stillGood(String check, String serial, RuntimeException e) {
    return Finding.bad(
        check,
        "it is good still: certificate " + serial + " was not revoked (" + e.getMessage() + ")",
        "muster admin certificates revoke " + serial + " --reason cessationOfOperation");
  }

  static Finding ours(Attempt before, String name) {
    String check = "mqtt: our certificate";
    return switch (before.outcome()) {
      case LET_IN -> Finding.good(check, "let in");
      case TURNED_AWAY ->
        Finding.bad(
            check,
            "turned away: " + before.how(),
            "nobody gets in: see the log of muster, and: muster admin sessions refusals " + name);
      case UNKNOWN -> Finding.unknown(check, before.how());
    };
  }

  static Finding revoked(String check, Attempt before, Attempt after, Duration took) {
    if (!before.isLetIn()) {
      return Finding.unknown(check, "it was not let in before it was revoked");
    }
    String revoking = "; revoking took " + took.toMillis() + " ms";
    return switch (after.outcome()) {
      case LET_IN ->
        Finding.bad(check, "let in" + revoking, "the CRL does not reach the broker: see health");
      case TURNED_AWAY -> Finding.good(check, "turned away: " + after.how() + revoking);
      case UNKNOWN -> Finding.unknown(check, after.how() + revoking);
    };
  }
}
