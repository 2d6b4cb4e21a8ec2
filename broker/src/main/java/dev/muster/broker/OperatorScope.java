/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import io.vertx.ext.web.RoutingContext;
import java.util.Collection;
import java.util.List;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * What whoever asks is limited to; whoever lets him in says so.
 *
 * @param fleets none for all
 */
record OperatorScope(
    List<String> fleets, @Nullable BiPredicate<Collection<String>, Collection<String>> members) {

  OperatorScope {
    fleets = List.copyOf(fleets);
  }

  static OperatorScope of(RoutingContext context) {
    @Nullable List<String> fleets = context.get(FleetBroker.FLEETS);
    return new OperatorScope(fleets == null ? List.of() : fleets, context.get(FleetBroker.MEMBERS));
  }

  /** Whether a fleet is his to see. */
  boolean includes(String fleet) {
    return fleets.isEmpty() || fleets.contains(fleet);
  }

  /** Whether a device is now of a fleet that is his to see. Blocks. */
  boolean includesDevice(String device) {
    return fleets.isEmpty() || members != null && members.test(fleets, List.of(device));
  }
}
