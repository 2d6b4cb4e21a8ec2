/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.muster.device.internal.loop.EventLoop;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/**
 * The device's thread for a test, which fails if anything on it has thrown: the thread survives
 * exceptions, and writes errors, such as failed assertions, into the log at most.
 */
public final class LoopFixture implements AutoCloseable {
  private final List<Throwable> faults = new CopyOnWriteArrayList<>();
  private final Logger log = (Logger) LoggerFactory.getLogger(EventLoop.class);
  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final EventLoop loop = new EventLoop(Thread::new, faults::add);

  public LoopFixture() {
    logged.list = new CopyOnWriteArrayList<>();
    logged.start();
    log.addAppender(logged);
  }

  public EventLoop loop() {
    return loop;
  }

  /** Ends the loop. @throws AssertionError if something has thrown on it */
  @Override
  public void close() {
    loop.close();
    log.detachAppender(logged);
    assertThat(faults).as("thrown on the device's thread").isEmpty();
    assertThat(logged.list.stream().filter(event -> event.getLevel() == Level.ERROR))
        .as("failed on the device's thread")
        .isEmpty();
  }
}
