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
import org.eclipse.californium.scandium.ConnectionListener;
import org.eclipse.californium.scandium.dtls.Connection;

/**
 * Counts the sessions of each address: that from which the session was opened or resumed last.
 *
 * <p>Thread-safe.
 */
final class SessionShares implements ConnectionListener {
  private final Shares shares;
  private final Map<Connection, InetAddress> sessions = new IdentityHashMap<>();

  /** @param name that meters begin with */
  SessionShares(int limit, String name, MeterRegistry meters) {
    shares = new Shares(limit);
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
  public synchronized void onConnectionEstablished(Connection connection) {
    InetSocketAddress peer = connection.getPeerAddress();
    if (peer == null) {
      return;
    }
    InetAddress before = sessions.put(connection, peer.getAddress());
    if (before != null) {
      shares.giveBack(before);
    }
    shares.take(peer.getAddress());
  }

  @Override
  public synchronized void onConnectionRemoved(Connection connection) {
    InetAddress before = sessions.remove(connection);
    if (before != null) {
      shares.giveBack(before);
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

  @Override
  public void afterExecution(Connection connection) {}
}
