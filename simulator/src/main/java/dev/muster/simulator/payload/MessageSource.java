/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.time.Instant;

/**
 * What one device sends, message by message. It depends on its random generator, on the times that
 * it was asked for, and on nothing else. Confined to one thread at a time.
 */
public interface MessageSource {
  /** The next message, measured at {@code at}; asked in the order of time. */
  Reading next(Instant at);
}
