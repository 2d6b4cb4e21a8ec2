/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Who may begin a handshake when. */
class HandshakeRateTest {
  private static final int PER_SECOND = 10;
  private static final int OF_ADDRESS = 4;

  private long now = Long.MAX_VALUE - 1_000; // It overflows while we watch, as nanoTime may.
  private final HandshakeRate rate = new HandshakeRate(PER_SECOND, OF_ADDRESS, () -> now);

  private static InetAddress address(int last) {
    try {
      return InetAddress.getByAddress(new byte[] {(byte) 192, 0, (byte) (last >> 8), (byte) last});
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private int taken(int from, int tries) {
    return (int) IntStream.range(0, tries).filter(i -> rate.take(address(from))).count();
  }

  private void pass(int seconds) {
    now += TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  void take_ofOneAddress_isABurst_thenItsRate_andOthersHaveTheirs() {
    assertThat(taken(1, 100)).isEqualTo(10 * OF_ADDRESS);
    assertThat(taken(2, 10)).isEqualTo(10);
    pass(1);
    assertThat(taken(1, 100)).isEqualTo(OF_ADDRESS);
    pass(60);
    assertThat(taken(1, 100)).as("no more is saved up").isEqualTo(10 * OF_ADDRESS);
  }

  @Test
  void take_ofAll_isABurst_thenTheirRate_andWhoIsRefusedPaysNothing() {
    int begun = IntStream.range(0, 1_000).map(i -> taken(i, 1)).sum();
    assertThat(begun).isEqualTo(10 * PER_SECOND);
    assertThat(taken(5_000, 1_000)).isZero();
    pass(1);
    assertThat(taken(5_000, 1_000)).as("of its own it lost none").isEqualTo(PER_SECOND);
  }

  @Test
  void addresses_areForgotten_whenTheyMayBeginAsManyAsAnybody() {
    for (int i = 0; i < 40_000; i++) {
      now += TimeUnit.MILLISECONDS.toNanos(10);
      rate.take(address(i));
      assertThat(rate.addresses()).isLessThanOrEqualTo(2 * 10 * PER_SECOND);
    }
    pass(10);
    rate.take(address(1));
    assertThat(rate.addresses()).isEqualTo(1);
  }
}
