/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.desk.EnrollmentOutcome.Slowed;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds back a device that asks over and over, and a manufacturer whose devices all come at once.
 * What a manufacturer may is for first requests alone: renewals do not suffer from its newcomers.
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
    String device = manufacturer + "/" + applicant.serial();
    // A device that is held back does not use up what its manufacturer may.
    return devices
        .exceeded(device, now)
        .map(wait -> slowed("device", device, rules.requestsPerDevice(), wait))
        .or(() -> manufacturers
            .exceeded(manufacturer, now)
            .map(wait ->
                slowed("manufacturer", manufacturer, rules.requestsPerManufacturer(), wait)));
  }

  /** As for a newcomer, without the manufacturer. */
  Optional<EnrollmentOutcome> exceededBy(X509Certificate ldevid, Instant now) {
    // The name is ours: we issued the certificate.
    String name = ldevid.getSubjectX500Principal().getName();
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
