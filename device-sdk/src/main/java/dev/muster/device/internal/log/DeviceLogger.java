/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.log;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.AbstractLogger;
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.LocationAwareLogger;

/**
 * Logs as the program wants it; and from INFO on to the ring of the thread's device, whatever the
 * program wants: a device in the field logs little to its card. A log that fails stops no device.
 */
public final class DeviceLogger extends LegacyAbstractLogger {
  private static final long serialVersionUID = 1L;

  /** Whoever calls a method of it is who logs; it calls us. */
  private static final String CALLER = AbstractLogger.class.getName();

  private static final Object[] NOTHING = {};

  private final transient Logger program;

  DeviceLogger(Logger program) {
    this.program = program;
    this.name = program.getName();
  }

  public static Logger of(Class<?> owner) {
    return new DeviceLogger(LoggerFactory.getLogger(owner));
  }

  @Override
  public boolean isTraceEnabled() {
    return program.isTraceEnabled();
  }

  @Override
  public boolean isDebugEnabled() {
    return program.isDebugEnabled();
  }

  @Override
  public boolean isInfoEnabled() {
    return LogRing.current() != null || program.isInfoEnabled();
  }

  @Override
  public boolean isWarnEnabled() {
    return LogRing.current() != null || program.isWarnEnabled();
  }

  @Override
  public boolean isErrorEnabled() {
    return LogRing.current() != null || program.isErrorEnabled();
  }

  @Override
  protected String getFullyQualifiedCallerName() {
    return CALLER;
  }

  @Override
  protected void handleNormalizedLoggingCall(
      Level level,
      @Nullable Marker marker,
      String message,
      Object @Nullable [] arguments,
      @Nullable Throwable thrown) {
    try {
      log(level, marker, message, arguments, thrown);
    } catch (RuntimeException | Error e) {
      // The program's log is broken, or the text of what was thrown: no reason to stop a device.
    }
  }

  private void log(
      Level level,
      @Nullable Marker marker,
      String message,
      Object @Nullable [] arguments,
      @Nullable Throwable thrown) {
    LogRing ring = LogRing.current();
    if (ring != null && level.toInt() >= Level.INFO.toInt()) {
      String text = MessageFormatter.basicArrayFormat(message, arguments);
      ring.add(level.name(), name.substring(name.lastIndexOf('.') + 1), text, thrown);
    }
    if (program instanceof LocationAwareLogger aware && program.isEnabledForLevel(level)) {
      aware.log(marker, CALLER, level.toInt(), message, arguments, thrown);
    } else if (program.isEnabledForLevel(level)) {
      program.atLevel(level).setCause(thrown).log(message, arguments == null ? NOTHING : arguments);
    }
  }
}
