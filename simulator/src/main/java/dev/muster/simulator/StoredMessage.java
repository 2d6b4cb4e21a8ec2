/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.telemetry.MessageIdentity;
import java.time.Duration;

/**
 * A message as a backend gives it back.
 *
 * @param underWay from when it was due to when the backend received it, by the two clocks
 */
public record StoredMessage(MessageIdentity identity, String stream, Duration underWay) {}
