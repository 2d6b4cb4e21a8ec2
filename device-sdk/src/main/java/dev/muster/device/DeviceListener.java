/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/**
 * Hears what happens to a device.
 *
 * <p>Called on the device's callback thread, one call at a time, in order; a listener may call the
 * device, and block for a short while: see {@link FleetDevice} for when a call is interrupted. If
 * it falls far behind, calls are left out rather than piled up. What it throws is logged.
 */
public interface DeviceListener {
  /**
   * The device entered a state, or the reason for being in it changed.
   *
   * @param reason one line for a person, never empty
   */
  default void onState(DeviceState state, String reason) {}

  /** An enrollment or renewal did not succeed; the device tries again by itself. */
  default void onEnrollmentProblem(EnrollmentException problem) {}
}
