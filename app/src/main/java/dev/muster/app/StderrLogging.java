/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * The log: one event per line on stderr, UTC; ours from INFO, what others say from WARN.
 *
 * <p>In code rather than in a logback.xml, because HiveMQ brings a logback.xml of its own on the
 * same class path, and because reading XML is a third of the time in which a short command is done.
 */
public final class StderrLogging extends ContextAwareBase implements Configurator {
  /** Nothing that could steer a terminal or forge a line leaves here, whatever a stranger sent. */
  private static final String PATTERN =
      "%d{\"yyyy-MM-dd'T'HH:mm:ss.SSS'Z'\",UTC} %-5level %logger{0} %replace(%msg){'[\\p{C}\u2028\u2029]','?'}%n";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    ConsoleAppender<ILoggingEvent> stderr = new ConsoleAppender<>();
    stderr.setContext(context);
    stderr.setName("stderr");
    stderr.setTarget("System.err");
    stderr.setEncoder(encoder);
    stderr.start();
    Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    root.addAppender(stderr);
    context.getLogger("dev.muster").setLevel(Level.INFO);
    // It logs a stack trace for each failed connection; whoever uses it says the same in a line.
    context.getLogger("io.vertx.mqtt").setLevel(Level.OFF);
    // Below INFO, it logs messages whole: also an answer with a key in it (serverKeygen).
    context.getLogger("org.eclipse.californium").setLevel(Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
