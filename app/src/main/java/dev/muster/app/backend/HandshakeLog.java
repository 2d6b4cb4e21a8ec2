/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells an operator why the broker refused a TLS handshake: no certificate, an unknown CA, an
 * expired one.
 *
 * <p>HiveMQ knows, and says so only at DEBUG; an extension never sees such a client.
 */
final class HandshakeLog extends AppenderBase<ILoggingEvent> {
  private static final Logger LOG = LoggerFactory.getLogger(HandshakeLog.class);
  private static final String SOURCE = "com.hivemq.security.ssl.SslExceptionHandler";
  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
  private static final String NAME = "handshakes";

  private HandshakeLog() {}

  /** From now on; after the broker's start, so that its own probe is not taken for an intruder. */
  static void watch() {
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      ch.qos.logback.classic.Logger source = context.getLogger(SOURCE);
      if (source.getAppender(NAME) == null) {
        HandshakeLog appender = new HandshakeLog();
        appender.setContext(context);
        appender.setName(NAME);
        appender.start();
        source.setLevel(Level.DEBUG);
        source.setAdditive(false);
        source.addAppender(appender);
      }
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    LOG.warn(
        "TLS handshake refused port=mqtt detail=\"{}\"",
        CONTROL.matcher(event.getFormattedMessage()).replaceAll("?"));
  }
}
