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
import org.slf4j.helpers.LegacyAbstractLogger;
import org.slf4j.helpers.MessageFormatter;
import org.slf4j.spi.LocationAwareLogger;

/**
 * Logs as the program wants it; and from INFO on to the ring of the thread's device, whatever the
 * program wants: a device in the field logs little to its card.
 */
public final class DeviceLogger extends LegacyAbstractLogger {
  private static final long serialVersionUID = 1L;
  private static final String CALLER = DeviceLogger.class.getName();

  private final transient Logger program;

  private DeviceLogger(Class<?> owner) {
    this.program = LoggerFactory.getLogger(owner);
    this.name = program.getName();
  }

  public static Logger of(Class<?> owner) {
    return new DeviceLogger(owner);
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
    return program.isInfoEnabled() || LogRing.current() != null;
  }

  @Override
  public boolean isWarnEnabled() {
    return program.isWarnEnabled() || LogRing.current() != null;
  }

  @Override
  public boolean isErrorEnabled() {
    return program.isErrorEnabled() || LogRing.current() != null;
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
    LogRing ring = LogRing.current();
    if (ring != null && level.toInt() >= Level.INFO.toInt()) {
      String text = MessageFormatter.basicArrayFormat(message, arguments);
      ring.add(level.name(), name.substring(name.lastIndexOf('.') + 1), text, thrown);
    }
    if (program instanceof LocationAwareLogger aware && program.isEnabledForLevel(level)) {
      aware.log(marker, CALLER, level.toInt(), message, arguments, thrown);
    } else if (program.isEnabledForLevel(level)) {
      program.atLevel(level).setCause(thrown).log(message, arguments);
    }
  }
}
