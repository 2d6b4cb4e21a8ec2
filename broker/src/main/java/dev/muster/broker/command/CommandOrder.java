/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.broker.state.StrictJson;
import dev.muster.protocol.topic.FleetTopics;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What a device shall do.
 *
 * @param validFor how long it may take to reach the device and be done
 */
public record CommandOrder(String name, @Nullable JsonNode payload, Duration validFor) {
  private static final Duration MAX_VALIDITY = Duration.ofDays(30);

  /** @throws IllegalArgumentException if it is not usable; safe to show */
  public CommandOrder {
    FleetTopics.checkName("name", name);
    if (payload != null) {
      StrictJson.write("payload", payload, Command.MAX_PAYLOAD_BYTES);
    }
    if (validFor.compareTo(Duration.ofSeconds(1)) < 0 || validFor.compareTo(MAX_VALIDITY) > 0) {
      throw new IllegalArgumentException("deadline: in " + validFor.toSeconds()
          + " s (expected: in 1 to " + MAX_VALIDITY.toSeconds() + " s)");
    }
  }
}
