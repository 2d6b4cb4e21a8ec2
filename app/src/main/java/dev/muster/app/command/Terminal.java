/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;

/** What is known of the place where output goes. */
final class Terminal {
  private Terminal() {}

  /** Whether a person watches stderr. The launcher tells, because not every JVM does. */
  static boolean isWatched() {
    return Boolean.getBoolean("muster.terminal");
  }

  /** Leaves only warnings in the log, where a command has a story of its own to tell. */
  static void quiet() {
    if (LoggerFactory.getLogger("dev.muster") instanceof Logger logger) {
      logger.setLevel(Level.WARN);
    }
  }
}
