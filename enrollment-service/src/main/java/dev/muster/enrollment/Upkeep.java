/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.revocation.CrlPublisher;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What must be done from time to time: CRLs before they end, and forgetting keys that nobody asks
 * about any more.
 */
final class Upkeep {
  private static final Logger LOG = LoggerFactory.getLogger(Upkeep.class);
  private static final Duration PENDING_KEPT = Duration.ofDays(7);
  private static final Duration MAX_TICK = Duration.ofMinutes(1);

  private final Registry registry;
  private final CrlPublisher publisher;
  private final Duration crlInterval;
  private final Executor workers;
  private final Clock clock;
  private volatile @Nullable String problem;

  Upkeep(
      Registry registry,
      CrlPublisher publisher,
      Duration crlInterval,
      Executor workers,
      Clock clock) {
    this.registry = registry;
    this.publisher = publisher;
    this.crlInterval = crlInterval;
    this.workers = workers;
    this.clock = clock;
  }

  /** How often {@link #tick} wants to be called. */
  long tickMs() {
    return Math.max(1, Math.min(MAX_TICK.toMillis(), crlInterval.toMillis()));
  }

  /** Returns at once; the work is done by a worker. */
  void tick() {
    try {
      workers.execute(this::maintain);
    } catch (RejectedExecutionException e) {
      LOG.debug("Too busy for upkeep, next time");
    }
  }

  /** What went wrong the last time; empty if nothing did. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }

  private void maintain() {
    try {
      publisher.issuers().stream().filter(this::isDue).forEach(publisher::publish);
      registry.commit(tables -> tables.pending().expire(clock.instant().minus(PENDING_KEPT)));
      problem = null;
    } catch (RuntimeException e) {
      problem = "CRLs cannot be made or recorded: " + e.getClass().getSimpleName();
      LOG.error("Upkeep failed (CRLs are not renewed; brokers will soon distrust them)", e);
    }
  }

  private boolean isDue(String issuer) {
    return publisher
        .current(issuer)
        .map(crl -> !clock.instant().isBefore(crl.thisUpdate().plus(crlInterval)))
        .orElse(true);
  }
}
