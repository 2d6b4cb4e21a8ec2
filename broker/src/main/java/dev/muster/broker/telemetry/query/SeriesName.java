/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.query;

import org.jspecify.annotations.Nullable;

/** A series that there is. @param id its number in the rollups */
public record SeriesName(
    String device, String stream, String metric, @Nullable String unit, long id) {}
