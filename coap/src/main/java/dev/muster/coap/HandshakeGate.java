/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.californium.scandium.dtls.AlertMessage;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertDescription;
import org.eclipse.californium.scandium.dtls.AlertMessage.AlertLevel;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.eclipse.californium.scandium.dtls.DtlsException;
import org.eclipse.californium.scandium.dtls.HandshakeException;
import org.eclipse.californium.scandium.dtls.Handshaker;
import org.eclipse.californium.scandium.dtls.SessionAdapter;

/**
 * Bounds the handshakes that are under way, and how many begin in a time: those of senders who have
 * shown by a cookie that their address is theirs, and who may not go on. What comes without a
 * cookie leaves nothing behind. Turns away those for whose sessions there is no room, too: the
 * store of connections would ask them for their cookie again, and they would send it, for ever.
 *
 * <p>Of all addresses together nobody is turned away for want of a place: the oldest handshake
 * makes room. So those that are never finished do not keep out others for the minute after which
 * they are given up; how soon one may have to make room, the rate bounds.
 *
 * <p>Thread-safe.
 */
final class HandshakeGate extends SessionAdapter {
  private final Shares shares;
  private final HandshakeRate rate;
  private final SessionShares sessions;
  private final Counter turnedAway;
  private final Counter givenUp;
  /** The oldest first. */
  private final Map<Handshaker, InetAddress> underWay = new LinkedHashMap<>();

  /** @param name that meters begin with */
  HandshakeGate(
      int limit, HandshakeRate rate, SessionShares sessions, String name, MeterRegistry meters) {
    this.shares = new Shares(limit);
    this.rate = rate;
    this.sessions = sessions;
    this.turnedAway = meters.counter(name + ".handshakes.refused");
    this.givenUp = meters.counter(name + ".handshakes.evicted");
    Gauge.builder(name + ".handshakes", this, HandshakeGate::size).register(meters);
  }

  @Override
  public synchronized void handshakeStarted(Handshaker handshaker) throws HandshakeException {
    InetAddress from = Shares.ownerOf(handshaker.getPeerAddress().getAddress());
    if (!shares.isWithinShare(from)) {
      throw turnedAway("too many handshakes at a time");
    }
    if (!rate.take(from)) {
      throw turnedAway("too many handshakes in a short time");
    }
    if (!sessions.makeRoom(from)) {
      throw turnedAway("too many sessions");
    }
    if (shares.isUsedUp()) {
      giveUpOldest();
    }
    if (underWay.put(handshaker, from) == null) {
      shares.take(from);
    }
  }

  private void giveUpOldest() {
    Handshaker oldest = underWay.keySet().iterator().next();
    ended(oldest);
    givenUp.increment();
    Connection connection = oldest.getConnection();
    try {
      // Each connection does one thing after the other, on whichever thread.
      connection.getExecutor().execute(() -> {
        if (!connection.hasEstablishedDtlsContext()) {
          oldest.handshakeFailed(new DtlsException("made room for another one"));
        }
      });
    } catch (RejectedExecutionException e) {
      // Its connection is gone already.
    }
  }

  private HandshakeException turnedAway(String why) {
    turnedAway.increment();
    return new HandshakeException(
        why, new AlertMessage(AlertLevel.FATAL, AlertDescription.INTERNAL_ERROR));
  }

  /** It is a session from now on, though the client may not know yet. */
  @Override
  public void contextEstablished(Handshaker handshaker, DTLSContext context) {
    ended(handshaker);
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
