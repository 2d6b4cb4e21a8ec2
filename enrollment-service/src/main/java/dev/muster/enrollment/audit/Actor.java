/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import static java.util.Objects.requireNonNull;

/**
 * Who does something.
 *
 * @param name {@code operator:<name>}, {@code device:<id>}, {@code idevid:<manufacturer>/<serial>},
 *     {@code program:<subject>}, {@code system} or {@code stranger}. Strangers choose names of any
 *     length: of one beyond 300 characters the beginning is kept, and what it is told by from
 *     others that begin so.
 * @param from the network address it came from; {@code local} if from none
 */
public record Actor(String name, String from) {
  /** What happens by itself: upkeep, expiry, roll-over. */
  public static final Actor SYSTEM = new Actor("system", "local");

  public Actor {
    name = AuditEvent.shortened(requireNonNull(name, "name"));
    requireNonNull(from, "from");
  }
}
