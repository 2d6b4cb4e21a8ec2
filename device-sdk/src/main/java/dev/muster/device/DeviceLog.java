/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.internal.log.LogRing;
import java.util.List;
import java.util.Map;

/**
 * The newest lines that the SDK has logged for one device, 16,384 characters of them, from INFO on
 * and whatever the program's own logging leaves out. In memory: a restart forgets them. Lines hold
 * no keys and no messages; but the text of what your own code throws when it is called is in them.
 * What is logged on threads of the MQTT client is not.
 *
 * <p>Registered for a command, {@code device.onCommand(DeviceLog.COMMAND, device.log())}, it is
 * told to operators who ask for it. Thread-safe.
 */
public final class DeviceLog implements CommandHandler {
  /** The name under which operators ask for it. */
  public static final String COMMAND = "muster.logs";

  private static final String LINES = "lines";

  private final LogRing ring;

  DeviceLog(LogRing ring) {
    this.ring = ring;
  }

  /** What is held now, the oldest first: time, level, who, what. */
  public List<String> lines() {
    return ring.snapshot().lines();
  }

  /**
   * Answers with {@code lines}, and with how many older ones there were ({@code older}).
   *
   * @param command its payload may bound them: {@code {"lines": 20}}
   */
  @Override
  public CommandResult handle(Command command, CommandContext context) {
    LogRing.Snapshot held = ring.snapshot();
    if (command.payload() instanceof Map<?, ?> wishes && wishes.containsKey(LINES)) {
      if (!(wishes.get(LINES) instanceof Long count) || count < 1) {
        return CommandResult.refused(
            LINES + ": " + wishes.get(LINES) + " (expected: a whole number, at least 1)");
      }
      held = held.newest((int) Math.min(count, Integer.MAX_VALUE));
    }
    return CommandResult.done(Map.of(LINES, held.lines(), "older", held.dropped()));
  }
}
