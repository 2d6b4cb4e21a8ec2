/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a server held at a moment. Null is what could not be measured: the process is on another
 * machine, or is no JVM of this user, or did not answer in time.
 *
 * @param phase the number of the phase that was about to end, from 0
 * @param at since the run began
 * @param acknowledged messages until then
 * @param heapBytes after a collection
 * @param openFiles connections too
 */
public record ServerState(
    int phase,
    Duration at,
    long acknowledged,
    @Nullable Long heapBytes,
    @Nullable Long threads,
    @Nullable Long openFiles,
    @Nullable Long storeBytes) {
  /** The same moment, at which nothing was seen. */
  ServerState unseen() {
    return new ServerState(phase, at, acknowledged, null, null, null, null);
  }
}
