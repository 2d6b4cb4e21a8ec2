/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.log;

import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The newest lines that one device has logged, in memory. Which device a line is of, the task of
 * the thread tells: a program may hold many. Thread-safe.
 */
public final class LogRing {
  /** Of the device that the thread works for; nothing if it works for none. */
  private static final ThreadLocal<@Nullable LogRing> CURRENT = new ThreadLocal<>();

  /** However they are written, they fit in the result of a command. */
  static final int MAX_CHARS = 16 * 1024;

  static final int MAX_LINE = 1000;

  private final Clock clock;
  private final Deque<String> lines = new ArrayDeque<>();
  private int chars;
  private long dropped;

  public LogRing(Clock clock) {
    this.clock = clock;
  }

  /** What is held, and how many lines there were before. */
  public record Snapshot(List<String> lines, long dropped) {
    public Snapshot {
      lines = List.copyOf(lines);
    }

    /** Its newest lines only. */
    public Snapshot newest(int count) {
      int left = Math.max(0, lines.size() - count);
      return new Snapshot(lines.subList(left, lines.size()), dropped + left);
    }
  }

  /** A task of the device, for whatever thread: what is logged by it is kept here. */
  public Runnable bound(Runnable task) {
    return () -> {
      LogRing before = CURRENT.get();
      CURRENT.set(this);
      try {
        task.run();
      } finally {
        restore(before);
      }
    };
  }

  private static void restore(@Nullable LogRing before) {
    if (before == null) {
      CURRENT.remove();
    } else {
      CURRENT.set(before);
    }
  }

  /** The ring of the device that the thread works for; null if it works for none. */
  static @Nullable LogRing current() {
    return CURRENT.get();
  }

  void add(String level, String logger, String message, @Nullable Throwable thrown) {
    StringBuilder line = new StringBuilder()
        .append(clock.instant())
        .append(' ')
        .append(level)
        .append(' ')
        .append(logger)
        .append(' ')
        .append(message);
    for (Throwable cause = thrown; cause != null && line.length() < MAX_LINE; ) {
      line.append(cause == thrown ? ": " : ", because of ").append(cause);
      cause = cause.getCause();
    }
    add(inOneLine(line));
  }

  private synchronized void add(String line) {
    lines.addLast(line);
    chars += line.length();
    while (chars > MAX_CHARS) {
      chars -= lines.removeFirst().length();
      dropped++;
    }
  }

  /** Some of it was chosen by strangers. */
  private static String inOneLine(StringBuilder line) {
    if (line.length() > MAX_LINE) {
      line.setLength(MAX_LINE);
    }
    for (int i = 0; i < line.length(); i++) {
      if (Character.isISOControl(line.charAt(i)) || Character.isSurrogate(line.charAt(i))) {
        line.setCharAt(i, '?');
      }
    }
    return line.toString();
  }

  public synchronized Snapshot snapshot() {
    return new Snapshot(List.copyOf(lines), dropped);
  }
}
