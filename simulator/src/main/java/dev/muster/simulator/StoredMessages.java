/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;

/** What a backend has stored. */
public interface StoredMessages {
  /**
   * The identities of all stored messages of a device, once for each stored row, in any order. May
   * block, also while it is iterated, and may throw an unchecked exception if the backend does not
   * answer; whoever compares lets it pass.
   */
  Iterable<MessageIdentity> storedFor(DeviceId device);
}
