/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import org.jspecify.annotations.Nullable;

/** What an operator's own program says about a device that wants to enroll. */
public sealed interface HookVerdict {
  /** Nobody was asked, or nobody minds. */
  HookVerdict INDIFFERENT = new Allow(null, null);

  /**
   * The other rules decide.
   *
   * @param fleet of a new device; null leaves it as it would be
   * @param device the id of a new device; null leaves it as it would be
   */
  record Allow(@Nullable FleetName fleet, @Nullable DeviceId device) implements HookVerdict {}

  /** No. @param reason for the device's log and the operator's */
  record Refuse(String reason) implements HookVerdict {}

  /** Not yet: until it says otherwise, or an operator approves. @param reason for the operator */
  record Defer(String reason) implements HookVerdict {}
}
