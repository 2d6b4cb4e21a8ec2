/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.admin;

import dev.muster.app.UserError;
import java.util.Stack;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** For acts whose answer changes by itself. */
final class Watching {
  private static final int MAX_SECONDS = 3_600;

  @Option(
      names = "--watch",
      arity = "0..1",
      paramLabel = "SECONDS",
      parameterConsumer = Seconds.class,
      description = "Ask again every SECONDS (2 if none are given) until Ctrl-C: on a terminal in"
          + " place of the last answer, elsewhere and with --json one answer after the other.")
  @Nullable Integer seconds;

  /** {@code --watch JOB}: what is no number is the next argument. */
  static final class Seconds implements IParameterConsumer {
    private static final Integer DEFAULT = 2;

    @Override
    public void consumeParameters(Stack<String> arguments, ArgSpec option, CommandSpec command) {
      boolean given = !arguments.isEmpty() && arguments.peek().matches("[0-9]{1,9}");
      option.setValue(given ? Integer.valueOf(arguments.pop()) : DEFAULT);
    }
  }

  /** @throws UserError if that is too often or too seldom */
  boolean isAsked() {
    if (seconds != null && (seconds < 1 || seconds > MAX_SECONDS)) {
      throw new UserError("--watch: " + seconds + " (expected: 1 to " + MAX_SECONDS + " seconds)");
    }
    return seconds != null;
  }

  void pause() {
    try {
      TimeUnit.SECONDS.sleep(seconds == null ? 0 : seconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("interrupted");
    }
  }
}
