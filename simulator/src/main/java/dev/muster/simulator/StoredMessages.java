/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;

/** What a backend has stored. */
public interface StoredMessages {
  /**
   * All stored messages of a device, once for each stored row, in the order in which they were
   * stored. May block, also while it is iterated, and may throw an unchecked exception if the
   * backend does not answer; whoever compares lets it pass.
   */
  Iterable<StoredMessage> storedFor(DeviceId device);
}
