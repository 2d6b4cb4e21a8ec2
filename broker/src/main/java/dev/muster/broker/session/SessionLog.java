/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import dev.muster.protocol.identity.Quoted;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes to the log who came and went, on a thread of its own: when thousands are cut off at once,
 * what the others publish does not wait until thousands of lines are written. Safe for use by
 * several threads.
 */
public final class SessionLog implements SessionListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SessionLog.class);
  private static final long CLOSE_SECONDS = 5;

  private final ExecutorService writer = Executors.newSingleThreadExecutor(task -> {
    Thread thread = new Thread(task, "muster-session-log");
    thread.setDaemon(true);
    return thread;
  });

  @Override
  public void live(ClientSession session) {
    write(() -> LOG.info(
        "Client connected client={} subject={} serial={} address={} roles={}",
        session.clientId(),
        session.subject(),
        session.credential().serialText(),
        session.connection().address(),
        session.policy().roles()));
  }

  @Override
  public void ended(ClientSession session, String reason) {
    write(() -> LOG.info(
        "Client disconnected client={} subject={} reason={}",
        session.clientId(),
        session.subject(),
        Quoted.of(reason)));
  }

  private void write(Runnable line) {
    try {
      writer.execute(line);
    } catch (RejectedExecutionException e) {
      // The broker has stopped, and with it the log of its sessions.
    }
  }

  /** Writes what is left; blocks for a few seconds at most. */
  @Override
  public void close() {
    writer.shutdown();
    try {
      writer.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
