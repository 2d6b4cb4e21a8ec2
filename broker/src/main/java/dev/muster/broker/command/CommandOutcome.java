/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.command;

/** What became of something that was asked for. */
public sealed interface CommandOutcome {
  /** @param changed false: it was so already */
  record Kept(Command command, boolean changed) implements CommandOutcome {}

  /** Not now, or not any more. */
  record Conflict(String detail) implements CommandOutcome {}

  /** The key of the request is another request's. */
  record Misused() implements CommandOutcome {}

  /** There is no such command, at least not of that device. */
  record Unknown() implements CommandOutcome {}

  /** Never: it is not as it must be. */
  record Refused(String detail) implements CommandOutcome {}
}
