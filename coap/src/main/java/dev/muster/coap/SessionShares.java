/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.scandium.ConnectionListener;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.jspecify.annotations.Nullable;

/**
 * Counts the sessions of each address: that from which the session was opened or resumed last.
 *
 * <p>Thread-safe.
 */
final class SessionShares implements ConnectionListener {
  private final Shares shares;
  private final Consumer<Bytes> over;
  private final Map<Connection, Session> sessions = new IdentityHashMap<>();

  private record Session(InetAddress address, Bytes id) {}

  /**
   * @param over told the id of a session that has ended, or was opened anew; more than once, too
   * @param name that meters begin with
   */
  SessionShares(int limit, Consumer<Bytes> over, String name, MeterRegistry meters) {
    this.shares = new Shares(limit);
    this.over = over;
    Gauge.builder(name + ".sessions", this, SessionShares::size).register(meters);
  }

  /** The store of sessions sees to the limit of all, and to whose session makes room. */
  synchronized boolean allow(InetAddress address) {
    return shares.isWithinShare(address);
  }

  private synchronized int size() {
    return shares.sum();
  }

  @Override
  public void onConnectionEstablished(Connection connection) {
    InetSocketAddress peer = connection.getPeerAddress();
    DTLSContext context = connection.getEstablishedDtlsContext();
    if (peer != null && context != null) {
      Session now = new Session(peer.getAddress(), context.getSession().getSessionIdentifier());
      // Also one that is resumed: what was to be sent by its former keys is not sent any more.
      over.accept(now.id());
      ended(replace(connection, now));
    }
  }

  private synchronized @Nullable Session replace(Connection connection, Session now) {
    Session before = sessions.put(connection, now);
    if (before != null) {
      shares.giveBack(before.address());
    }
    shares.take(now.address());
    return before;
  }

  @Override
  public void onConnectionRemoved(Connection connection) {
    ended(remove(connection));
  }

  private synchronized @Nullable Session remove(Connection connection) {
    Session before = sessions.remove(connection);
    if (before != null) {
      shares.giveBack(before.address());
    }
    return before;
  }

  private void ended(@Nullable Session before) {
    if (before != null) {
      over.accept(before.id());
    }
  }

  @Override
  public boolean onConnectionUpdatesSequenceNumbers(Connection connection, boolean write) {
    return false;
  }

  @Override
  public boolean onConnectionMacError(Connection connection) {
    return false;
  }

  @Override
  public void beforeExecution(Connection connection) {}

  @Override
  public void updateExecution(Connection connection) {}

  /** A goodbye leaves the session, for a resumption; but whoever says it listens no more. */
  @Override
  public void afterExecution(Connection connection) {
    DTLSContext context = connection.getEstablishedDtlsContext();
    if (context != null && context.isMarkedAsClosed()) {
      over.accept(context.getSession().getSessionIdentifier());
    }
  }
}
