/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a server held at a moment. Null is what could not be measured: the process is on another
 * machine, or is no JVM of this user.
 *
 * @param at since the run began
 * @param acknowledged messages until then
 * @param heapBytes after a collection
 * @param openFiles connections too
 */
public record ServerState(
    Duration at,
    long acknowledged,
    @Nullable Long heapBytes,
    @Nullable Long threads,
    @Nullable Long openFiles,
    @Nullable Long storeBytes) {}
