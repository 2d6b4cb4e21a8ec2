/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import dev.muster.device.Command;
import dev.muster.device.CommandResult;
import dev.muster.device.internal.json.Json;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** Commands and their results as they are on the wire, and results as they are on the disk. */
final class CommandMessages {
  private static final int MAX_RESULT_BYTES = 64 * 1024;
  private static final int MAX_DETAIL = 1000;

  private CommandMessages() {}

  /** @throws IllegalArgumentException if it is no command */
  static Command read(String id, byte[] payload) {
    Map<String, Object> message = Json.parseObject(payload);
    if (!id.equals(message.get("id"))) {
      throw new IllegalArgumentException("id: not that of the topic");
    }
    if (!(message.get("name") instanceof String name)
        || !(message.get("deadline") instanceof String deadline)) {
      throw new IllegalArgumentException("command: without name or deadline");
    }
    try {
      return new Command(id, name, message.get("payload"), Instant.parse(deadline));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("deadline: not a time of RFC 3339", e);
    }
  }

  /** A result that cannot be sent is a failure. */
  static byte[] write(CommandResult result) {
    try {
      byte[] written = encode(result);
      if (written.length <= MAX_RESULT_BYTES) {
        return written;
      }
      return encode(CommandResult.failed("done, but the result has " + written.length
          + " bytes (expected: at most " + MAX_RESULT_BYTES + ")"));
    } catch (IllegalArgumentException e) {
      return encode(CommandResult.failed("done, but the result cannot be sent: " + e.getMessage()));
    }
  }

  private static byte[] encode(CommandResult result) {
    Map<String, Object> message = new LinkedHashMap<>();
    message.put("status", result.status().name().toLowerCase(Locale.ROOT));
    if (result.payload() != null) {
      message.put("payload", result.payload());
    }
    String detail = result.detail();
    if (detail != null) {
      String safe = detail.replace('\0', ' ');
      message.put("detail", safe.substring(0, Math.min(MAX_DETAIL, safe.length())));
    }
    return Json.write(message);
  }
}
