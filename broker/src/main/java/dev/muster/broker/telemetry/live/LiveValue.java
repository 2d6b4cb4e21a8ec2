/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.live;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A value that has just been acknowledged. @param value a {@code Double}, a {@code String} or a
 * {@code Boolean}
 */
public record LiveValue(
    String device,
    String stream,
    String metric,
    @Nullable String unit,
    Object value,
    Instant time) {}
