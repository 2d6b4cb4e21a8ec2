/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/**
 * Does commands of one name. Called on a thread of the device for commands, one at a time; it may
 * block.
 */
@FunctionalInterface
public interface CommandHandler {
  /**
   * Does it. Called at most once for each id, even over restarts: if the program ends in between,
   * the backend is told that the command failed.
   *
   * @return what the backend is told, unless {@link CommandContext#answer} has told it already
   * @throws Exception if it failed; the backend is told which, with its message
   */
  CommandResult handle(Command command, CommandContext context) throws Exception;
}
