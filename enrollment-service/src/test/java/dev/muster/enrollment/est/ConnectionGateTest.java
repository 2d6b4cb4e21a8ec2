/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.est.ConnectionGate.Pass;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ConnectionGateTest {
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private ConnectionGate gate(int connections, int handshakes) {
    return new ConnectionGate(new EstLimits(connections, handshakes, 1, 1, 1), "est", meters);
  }

  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Test
  void connections_areCountedByAddressUntilTheyClose() {
    ConnectionGate gate = gate(1, 100);
    Optional<Pass> first = gate.enter(address("192.0.2.1"));
    assertThat(first).isPresent();
    assertThat(gate.enter(address("192.0.2.1"))).isEmpty();
    assertThat(gate.enter(address("192.0.2.2"))).isPresent();
    first.get().closed();
    assertThat(gate.enter(address("192.0.2.1"))).isPresent();
    assertThat(meters.counter("muster.est.connections.refused").count()).isEqualTo(1);
  }

  @Test
  void ipv6_countsByNetwork() {
    ConnectionGate gate = gate(1, 100);
    assertThat(gate.enter(address("2001:db8:1:2::1"))).isPresent();
    assertThat(gate.enter(address("2001:db8:1:2:ffff::9"))).isEmpty();
    assertThat(gate.enter(address("2001:db8:1:3::1"))).isPresent();
  }

  @Test
  void handshakes_ofOneAddress_leaveHalfToOthers() {
    ConnectionGate gate = gate(100, 4);
    Pass first = gate.enter(address("192.0.2.1")).orElseThrow();
    assertThat(gate.enter(address("192.0.2.1"))).isPresent();
    assertThat(gate.enter(address("192.0.2.1"))).isEmpty();
    assertThat(gate.enter(address("192.0.2.2"))).isPresent();
    assertThat(gate.enter(address("192.0.2.3"))).isPresent();
    assertThat(gate.enter(address("192.0.2.4"))).isEmpty();
    first.handshakeEnded();
    assertThat(gate.enter(address("192.0.2.4"))).isPresent();
    assertThat(meters.get("muster.est.handshakes").gauge().value()).isEqualTo(4);
  }

  @Test
  void connectionThatClosesInItsHandshake_isCountedOutOnce() {
    ConnectionGate gate = gate(1, 2);
    Pass pass = gate.enter(address("192.0.2.1")).orElseThrow();
    pass.handshakeEnded();
    pass.closed();
    assertThat(meters.get("muster.est.handshakes").gauge().value()).isZero();
    assertThat(gate.enter(address("192.0.2.1"))).isPresent();
  }
}
