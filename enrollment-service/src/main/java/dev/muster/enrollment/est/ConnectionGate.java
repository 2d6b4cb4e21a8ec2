/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Turns away who opens too many connections or handshakes at a time, before either costs much.
 *
 * <p>Thread-safe.
 */
public final class ConnectionGate {
  private static final int IPV6_NETWORK_BYTES = 8;

  private final EstLimits limits;
  private final Counter turnedAway;
  private final Map<String, Open> byAddress = new HashMap<>();
  private int handshakes;

  private static final class Open {
    int connections;
    int handshakes;
  }

  /** @param server whose connections these are, for the meters: {@code est}, for example */
  public ConnectionGate(EstLimits limits, String server, MeterRegistry meters) {
    this.limits = limits;
    this.turnedAway = meters.counter("muster." + server + ".connections.refused");
    Gauge.builder("muster." + server + ".handshakes", this, ConnectionGate::handshakes)
        .register(meters);
  }

  /** A connection that was let in, and has yet to shake hands. */
  public final class Pass {
    private final String address;
    private final AtomicBoolean shaking = new AtomicBoolean(true);

    private Pass(String address) {
      this.address = address;
    }

    /** Its handshake ended, one way or the other; idempotent. */
    public void handshakeEnded() {
      if (shaking.getAndSet(false)) {
        endHandshake(address);
      }
    }

    /** It is gone. To be called once. */
    public void closed() {
      handshakeEnded();
      leave(address);
    }
  }

  /** @return empty if it has to be closed */
  public synchronized Optional<Pass> enter(InetAddress from) {
    String address = network(from);
    Open open = byAddress.computeIfAbsent(address, unseen -> new Open());
    if (open.connections >= limits.connectionsPerAddress()
        || handshakes >= limits.handshakes()
        || open.handshakes >= handshakesPerAddress()) {
      forgetIfIdle(address, open);
      turnedAway.increment();
      return Optional.empty();
    }
    open.connections++;
    open.handshakes++;
    handshakes++;
    return Optional.of(new Pass(address));
  }

  /** So that nobody alone can keep all others from shaking hands. */
  private int handshakesPerAddress() {
    return Math.max(1, limits.handshakes() / 2);
  }

  private synchronized void endHandshake(String address) {
    Open open = byAddress.get(address);
    if (open != null) {
      open.handshakes--;
      handshakes--;
    }
  }

  private synchronized void leave(String address) {
    Open open = byAddress.get(address);
    if (open != null) {
      open.connections--;
      forgetIfIdle(address, open);
    }
  }

  private void forgetIfIdle(String address, Open open) {
    if (open.connections == 0) {
      byAddress.remove(address);
    }
  }

  private synchronized int handshakes() {
    return handshakes;
  }

  /** Who has one address of IPv6 has all 2^64 of its network. */
  private static String network(InetAddress address) {
    byte[] octets = address.getAddress();
    return HexFormat.of()
        .formatHex(
            address instanceof Inet6Address ? Arrays.copyOf(octets, IPV6_NETWORK_BYTES) : octets);
  }
}
