/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

/** Where virtual devices get their factory identities. */
public interface IdentitySource {
  /**
   * The factory identity of the device with this serial number; made, if there is none yet. Called
   * by many threads at once, once for each device and run; may block. What it throws is counted as
   * the device's failure, with its message as reason.
   */
  FactoryIdentity identityOf(String serial);
}
