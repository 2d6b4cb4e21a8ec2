/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.broker.state.StrictJson;
import dev.muster.protocol.identity.Quoted;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Commands on the wire: docs/twins-and-commands.md. */
final class CommandMessages {
  private static final String STATUS = "status";
  private static final String PAYLOAD = "payload";
  private static final String DETAIL = "detail";
  private static final Set<String> MEMBERS = new TreeSet<>(Set.of(STATUS, PAYLOAD, DETAIL));
  private static final int MAX_DETAIL = 1_024;

  private CommandMessages() {}

  static byte[] order(Command command) {
    ObjectNode message =
        JsonNodeFactory.instance.objectNode().put("id", command.id()).put("name", command.name());
    message.set(PAYLOAD, command.payload());
    message.put("deadline", command.deadline().toString());
    return message.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** @throws IllegalArgumentException if it is not as documented; safe to show */
  static Command.Result result(byte[] bytes, Instant at) {
    ObjectNode message = StrictJson.readObject("result", bytes);
    StrictJson.checkMembers("result", message, MEMBERS);
    JsonNode payload = message.get(PAYLOAD);
    if (payload != null && payload.isNull()) {
      payload = null;
    }
    if (payload != null) {
      StrictJson.write(PAYLOAD, payload, Command.MAX_PAYLOAD_BYTES);
    }
    return new Command.Result(status(message.path(STATUS)), payload, detail(message), at);
  }

  private static Command.Status status(JsonNode value) {
    return switch (value.asText("")) {
      case "done" -> Command.Status.DONE;
      case "failed" -> Command.Status.FAILED;
      case "refused" -> Command.Status.REFUSED;
      default ->
        throw new IllegalArgumentException(
            STATUS + ": " + Quoted.of(value.asText("")) + " (expected: done, failed or refused)");
    };
  }

  private static @Nullable String detail(ObjectNode message) {
    JsonNode value = message.path(DETAIL);
    if (value.isMissingNode() || value.isNull()) {
      return null;
    }
    String detail = value.asText();
    if (!value.isTextual() || detail.length() > MAX_DETAIL || detail.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          DETAIL + ": not usable (expected: text of at most " + MAX_DETAIL + " characters)");
    }
    StrictJson.write(DETAIL, value, Command.MAX_PAYLOAD_BYTES);
    return detail;
  }

  static String nameOf(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
