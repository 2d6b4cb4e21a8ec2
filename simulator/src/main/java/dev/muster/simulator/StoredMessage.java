/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A message as a backend gives it back.
 *
 * @param underWay from when it was due, by the device's clock, to when the backend received it;
 *     null if that is not known
 * @param checksum of its content ({@link dev.muster.simulator.payload.ContentChecksum})
 * @param aside whether it was kept aside, as a dead letter is: it has no place in its stream
 */
public record StoredMessage(
    MessageIdentity identity,
    String stream,
    @Nullable Duration underWay,
    int checksum,
    boolean aside) {}
