/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.inventory.Registry;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.function.Supplier;

/**
 * Has answers about certificates that are about signed before anybody asks, a few at a time, and
 * anew before they are old. Thread-safe; blocks.
 */
public final class OcspAhead {
  private static final int AT_ONCE = 20;

  private final Registry registry;
  private final OcspResponder responder;
  private final Supplier<Collection<String>> issuers;
  private final int most;
  private final Clock clock;
  private final Deque<Subject> waiting = new ArrayDeque<>();
  private Instant nextRound = Instant.MIN;

  private record Subject(String issuer, String serial) {}

  /**
   * @param issuers ids of those in whose name answers are given, as they are at the time
   * @param most how many certificates; none for 0
   */
  public OcspAhead(
      Registry registry,
      OcspResponder responder,
      Supplier<Collection<String>> issuers,
      int most,
      Clock clock) {
    this.registry = requireNonNull(registry, "registry");
    this.responder = responder;
    this.issuers = issuers;
    this.most = most;
    this.clock = clock;
  }

  /** Some more of them. */
  public synchronized void run() {
    if (waiting.isEmpty() && most > 0) {
      beginRound(clock.instant());
    }
    for (int i = 0; i < AT_ONCE && !waiting.isEmpty(); i++) {
      Subject next = waiting.remove();
      responder.prepare(next.issuer, next.serial);
    }
  }

  private void beginRound(Instant now) {
    if (now.isBefore(nextRound)) {
      return;
    }
    nextRound = now.plus(responder.refresh());
    for (String issuer : issuers.get()) {
      int more = most - waiting.size();
      registry
          .read(tables -> tables.certificates().askable(issuer, now, more))
          .forEach(serial -> waiting.add(new Subject(issuer, serial)));
    }
  }
}
