/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.util.HashMap;
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
 *
 * <p>Thread-safe.
 */
final class HandshakeGate extends SessionAdapter {
  private final int limit;
  private final Counter turnedAway;
  private final Map<Handshaker, InetAddress> underWay = new IdentityHashMap<>();
  private final Map<InetAddress, Integer> byAddress = new HashMap<>();

  HandshakeGate(int limit, MeterRegistry meters) {
    this.limit = limit;
    this.turnedAway = meters.counter("muster.estcoaps.handshakes.refused");
    Gauge.builder("muster.estcoaps.handshakes", this, HandshakeGate::size).register(meters);
  }

  @Override
  public synchronized void handshakeStarted(Handshaker handshaker) throws HandshakeException {
    InetAddress from = handshaker.getPeerAddress().getAddress();
    if (underWay.size() >= limit || byAddress.getOrDefault(from, 0) >= perAddress()) {
      turnedAway.increment();
      throw new HandshakeException(
          "too many handshakes at a time",
          new AlertMessage(AlertLevel.FATAL, AlertDescription.INTERNAL_ERROR));
    }
    if (underWay.put(handshaker, from) == null) {
      byAddress.merge(from, 1, Integer::sum);
    }
  }

  /** So that nobody alone can keep all others from shaking hands. */
  private int perAddress() {
    return Math.max(1, limit / 2);
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
      byAddress.computeIfPresent(from, (same, count) -> count == 1 ? null : count - 1);
    }
  }

  private synchronized int size() {
    return underWay.size();
  }
}
