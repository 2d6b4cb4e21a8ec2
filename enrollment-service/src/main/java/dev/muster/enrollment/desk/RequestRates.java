/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.EnrollmentOutcome.Slowed;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds back a device that asks over and over, and a manufacturer whose devices all come at once.
 * What a manufacturer may is for first requests alone: renewals do not suffer from its newcomers.
 * Who shows what may not be good any more is held back by that, and costs the device it names
 * nothing.
 */
final class RequestRates {
  private static final Logger LOG = LoggerFactory.getLogger(RequestRates.class);

  private final DeskRules rules;
  private final MinuteCounts devices;
  private final MinuteCounts manufacturers;

  RequestRates(DeskRules rules) {
    this.rules = rules;
    this.devices = new MinuteCounts(rules.requestsPerDevice());
    this.manufacturers = new MinuteCounts(rules.requestsPerManufacturer());
  }

  /** @return the answer to one request too many */
  Optional<EnrollmentOutcome> exceededBy(Applicant applicant, Instant now) {
    String manufacturer = applicant.manufacturer().name();
    String device =
        applicant.origin() == null ? applicant.name() : manufacturer + "/" + applicant.serial();
    // A device that is held back does not use up what its manufacturer may.
    return devices
        .exceeded(device, now)
        .map(wait -> slowed("device", device, rules.requestsPerDevice(), wait))
        .or(() -> manufacturers
            .exceeded(manufacturer, now)
            .map(wait ->
                slowed("manufacturer", manufacturer, rules.requestsPerManufacturer(), wait)));
  }

  /** Of one certificate of ours, whatever has become of it. */
  Optional<EnrollmentOutcome> exceededBy(X509Certificate presented, Instant now) {
    return exceeded("certificate:" + Fingerprint.of(presented), now);
  }

  /** Of a device, by whichever certificate; for those alone that are good. */
  Optional<EnrollmentOutcome> exceededBy(DeviceId device, Instant now) {
    return exceeded("device:" + device, now);
  }

  private Optional<EnrollmentOutcome> exceeded(String name, Instant now) {
    return devices
        .exceeded(name, now)
        .map(wait -> slowed("device", name, rules.requestsPerDevice(), wait));
  }

  private static EnrollmentOutcome slowed(String whose, String name, int limit, Duration wait) {
    LOG.debug("Enrollment slowed {}={} limit={}", whose, name, limit);
    return new Slowed(
        wait, whose + ": too many requests (expected: at most " + limit + " a minute)");
  }
}
