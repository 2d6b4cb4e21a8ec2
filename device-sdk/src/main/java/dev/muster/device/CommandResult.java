/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

import org.jspecify.annotations.Nullable;

/**
 * How a command went.
 *
 * @param payload plain values of JSON, at most 64 KB; or null
 * @param detail for people; or null
 */
public record CommandResult(
    Status status, @Nullable Object payload, @Nullable String detail) {
  /** In one word. */
  public enum Status {
    DONE,
    FAILED,
    /** Not begun. */
    REFUSED
  }

  public CommandResult {
    requireNonNull(status, "status");
  }

  public static CommandResult done() {
    return new CommandResult(Status.DONE, null, null);
  }

  public static CommandResult done(Object payload) {
    return new CommandResult(Status.DONE, requireNonNull(payload, "payload"), null);
  }

  public static CommandResult failed(String detail) {
    return new CommandResult(Status.FAILED, null, requireNonNull(detail, "detail"));
  }

  public static CommandResult refused(String detail) {
    return new CommandResult(Status.REFUSED, null, requireNonNull(detail, "detail"));
  }
}
