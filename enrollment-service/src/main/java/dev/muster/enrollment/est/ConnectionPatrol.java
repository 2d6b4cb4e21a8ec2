/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import java.util.HashMap;
import java.util.Map;

/**
 * Closes connections on which no request becomes complete in time, however slowly their bytes
 * trickle. Belongs to one event loop.
 */
public final class ConnectionPatrol {
  private static final long PATIENCE_MS = 20_000;

  private final Vertx vertx;
  private final long patienceMs;
  private final Map<HttpConnection, Long> timers = new HashMap<>();

  public ConnectionPatrol(Vertx vertx) {
    this(vertx, PATIENCE_MS);
  }

  /** @param patienceMs how long a request may be due */
  public ConnectionPatrol(Vertx vertx, long patienceMs) {
    this.vertx = vertx;
    this.patienceMs = patienceMs;
  }

  /** A new connection: its first request is due. */
  public void watch(HttpConnection connection) {
    watch(connection, () -> {});
  }

  /** As above. @param whenClosed once it is gone */
  public void watch(HttpConnection connection, Runnable whenClosed) {
    connection.closeHandler(closed -> {
      leaveAlone(connection);
      whenClosed.run();
    });
    // Vert.x has nobody else to tell; a peer that breaks off is no event of ours.
    connection.exceptionHandler(ignored -> {});
    expect(connection);
  }

  /** The next request is due from now on. */
  public void expect(HttpConnection connection) {
    Long before = timers.put(connection, vertx.setTimer(patienceMs, id -> connection.close()));
    if (before != null) {
      vertx.cancelTimer(before);
    }
  }

  /** Its request is complete: nothing is due until {@link #expect}. */
  public void leaveAlone(HttpConnection connection) {
    Long timer = timers.remove(connection);
    if (timer != null) {
      vertx.cancelTimer(timer);
    }
  }
}
