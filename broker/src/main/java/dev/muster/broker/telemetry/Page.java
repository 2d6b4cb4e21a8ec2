/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import java.util.List;

/**
 * A part of a list. @param more whether there is something after it: it was cut off by the number
 * or by the bytes of its entries
 */
public record Page<T>(List<T> entries, boolean more) {
  public Page {
    entries = List.copyOf(entries);
  }
}
