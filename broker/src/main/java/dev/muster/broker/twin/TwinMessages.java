/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Twins on the wire: docs/twins-and-commands.md. */
final class TwinMessages {
  private static final String REPORTED = "reported";
  private static final String REPLACE = "replace";
  private static final String IF_VERSION = "ifVersion";
  private static final String DESIRED_VERSION = "desiredVersion";
  private static final Set<String> MEMBERS =
      new TreeSet<>(Set.of(REPORTED, REPLACE, IF_VERSION, DESIRED_VERSION));

  /** What a device says of itself. @param desiredVersion what it has taken over */
  record Report(TwinChange change, OptionalLong desiredVersion) {}

  private TwinMessages() {}

  /** What a device is sent. */
  static byte[] desired(Twin twin) {
    ObjectNode message =
        JsonNodeFactory.instance.objectNode().put("version", twin.desired().version());
    message.set("desired", twin.desired().content());
    message.set("delta", twin.delta());
    message.put("reportedVersion", twin.reported().version());
    return message.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** @throws IllegalArgumentException if it is not as documented; safe to show */
  static Report report(byte[] payload) {
    ObjectNode message = StrictJson.readObject("payload", payload);
    StrictJson.checkMembers("payload", message, MEMBERS);
    if (!message.has(REPORTED)) {
      throw new IllegalArgumentException(
          "payload: reported is missing (expected: {\"reported\":{...}})");
    }
    JsonNode replace = message.path(REPLACE);
    if (!replace.isMissingNode() && !replace.isBoolean()) {
      throw new IllegalArgumentException(REPLACE + ": not a boolean (expected: true or false)");
    }
    return new Report(
        new TwinChange(
            StrictJson.object(REPORTED, message.get(REPORTED)),
            replace.asBoolean(false),
            version(message, IF_VERSION)),
        version(message, DESIRED_VERSION));
  }

  private static OptionalLong version(ObjectNode message, String name) {
    JsonNode value = message.path(name);
    if (value.isMissingNode()) {
      return OptionalLong.empty();
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw new IllegalArgumentException(name + ": not a version (expected: a number from 0)");
    }
    return OptionalLong.of(value.longValue());
  }
}
