/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A second of a run. Counts are of that second.
 *
 * @param at its end, since the run began
 * @param failed messages that were refused or given up
 * @param online devices that were connected at its end
 * @param connects connections that were established
 * @param disconnects connections that were lost, and attempts that failed
 * @param latency of what was acknowledged; null if nothing was
 * @param server what the server's process took; null if it is not on this machine
 */
public record Sample(
    Duration at,
    long sent,
    long acknowledged,
    long failed,
    int online,
    long connects,
    long disconnects,
    RunReport.@Nullable Latency latency,
    ServerProcess.@Nullable Usage server) {}
