/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an operator wants done.
 *
 * @param id names this order; done once, however often it arrives
 * @param payload plain values of JSON: maps, lists, texts, {@link Long}, {@link Double}, booleans;
 *     null if there is none
 * @param deadline after it the command is not begun
 */
public record Command(String id, String name, @Nullable Object payload, Instant deadline) {
  public Command {
    requireNonNull(id, "id");
    requireNonNull(name, "name");
    requireNonNull(deadline, "deadline");
  }
}
