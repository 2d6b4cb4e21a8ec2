/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The agent's log on stderr, one event per line; ours from INFO, what others say from WARN. By the
 * JDK's own logging, which costs a device no further jar but SLF4J's bridge.
 */
final class AgentLogging extends Formatter {
  /** Nothing that could forge a line leaves here, whatever a stranger sent. */
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\u2028\u2029]");

  /** Held, because the JDK forgets a logger's level with the logger. */
  private static final Logger OURS = Logger.getLogger("dev.muster");

  private final boolean journal;

  /** @param journal the journal stamps the time itself, and is told the level (sd-daemon(3)) */
  AgentLogging(boolean journal) {
    this.journal = journal;
  }

  static void start(boolean journal) {
    LogManager.getLogManager().reset();
    Handler stderr = new ConsoleHandler();
    stderr.setFormatter(new AgentLogging(journal));
    Logger root = Logger.getLogger("");
    root.setLevel(Level.WARNING);
    root.addHandler(stderr);
    OURS.setLevel(Level.INFO);
  }

  @Override
  public String format(LogRecord event) {
    String name = String.valueOf(event.getLoggerName());
    String line = name.substring(name.lastIndexOf('.') + 1) + " " + event.getMessage();
    return start(event) + inOneLine(line) + "\n" + trace(event.getThrown());
  }

  private String start(LogRecord event) {
    int level = event.getLevel().intValue();
    if (journal) {
      return level >= Level.SEVERE.intValue()
          ? "<3>"
          : level >= Level.WARNING.intValue() ? "<4>" : "<6>";
    }
    String name = level >= Level.SEVERE.intValue() ? "ERROR" : event.getLevel().getName();
    return event.getInstant() + " " + (name.equals("WARNING") ? "WARN" : name) + " ";
  }

  private static String trace(@Nullable Throwable thrown) {
    StringBuilder trace = new StringBuilder();
    if (thrown != null) {
      append(trace, "", thrown, Collections.newSetFromMap(new IdentityHashMap<>()));
    }
    return trace.toString();
  }

  /** As the JDK prints it, but that messages may have been chosen by a stranger. */
  private static void append(
      StringBuilder trace, String caption, Throwable thrown, Set<Throwable> seen) {
    if (!seen.add(thrown)) {
      return; // It is its own cause.
    }
    trace.append(caption).append(inOneLine(thrown.toString())).append('\n');
    for (StackTraceElement frame : thrown.getStackTrace()) {
      trace.append("\tat ").append(frame).append('\n');
    }
    for (Throwable suppressed : thrown.getSuppressed()) {
      append(trace, "Suppressed: ", suppressed, seen);
    }
    if (thrown.getCause() != null) {
      append(trace, "Caused by: ", thrown.getCause(), seen);
    }
  }

  private static String inOneLine(String text) {
    return CONTROL.matcher(text).replaceAll("?");
  }
}
