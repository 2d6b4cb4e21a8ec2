/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.util.IdentityHashMap;
import java.util.Map;
import org.eclipse.californium.scandium.dtls.AlertMessage;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertDescription;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertLevel;
import org.eclipse.californium.scandium.dtls.HandshakeException;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.SessionAdapter;

/**
 * Bounds the handshakes that are under way: those of senders who have shown by a cookie that their
 * address is theirs, and who may not go on. What comes without a cookie leaves nothing behind.
 * Turns away addresses that have their share of sessions, too.
 *
 * <p>Thread-safe.
 */
final class HandshakeGate extends SessionAdapter {
  private final Shares shares;
  private final SessionShares sessions;
  private final Counter turnedAway;
  private final Map<Handshaker, InetAddress> underWay = new IdentityHashMap<>();

  /** @param name that meters begin with */
  HandshakeGate(int limit, SessionShares sessions, String name, MeterRegistry meters) {
    this.shares = new Shares(limit);
    this.sessions = sessions;
    this.turnedAway = meters.counter(name + ".handshakes.refused");
    Gauge.builder(name + ".handshakes", this, HandshakeGate::size).register(meters);
  }

  @Override
  public synchronized void handshakeStarted(Handshaker handshaker) throws HandshakeException {
    InetAddress from = handshaker.getPeerAddress().getAddress();
    if (!shares.isLeftFor(from)) {
      throw turnedAway("too many handshakes at a time");
    }
    if (!sessions.allow(from)) {
      throw turnedAway("too many sessions of one address");
    }
    if (underWay.put(handshaker, from) == null) {
      shares.take(from);
    }
  }

  private HandshakeException turnedAway(String why) {
    turnedAway.increment();
    return new HandshakeException(
        why, new AlertMessage(AlertLevel.FATAL, AlertDescription.INTERNAL_ERROR));
  }

  @Override
  public void handshakeCompleted(Handshaker handshaker) {
    ended(handshaker);
  }

  @Override
  public void handshakeFailed(Handshaker handshaker, Throwable cause) {
    ended(handshaker);
  }

  private synchronized void ended(Handshaker handshaker) {
    InetAddress from = underWay.remove(handshaker);
    if (from != null) {
      shares.giveBack(from);
    }
  }

  private synchronized int size() {
    return shares.sum();
  }
}
