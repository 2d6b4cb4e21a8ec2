/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TransfersTest {
  private final AtomicLong now = new AtomicLong();
  private final Transfers transfers = new Transfers(4, 60, now::get);

  private static Transfers.Key key(String address, int port) {
    return new Transfers.Key(new InetSocketAddress(address, port), "/est/sen");
  }

  @Test
  void begin_ofOneAddress_hasHalf_andOthersTheRest() {
    assertThat(transfers.begin(key("192.0.2.1", 1))).isTrue();
    assertThat(transfers.begin(key("192.0.2.1", 2))).isTrue();
    assertThat(transfers.begin(key("192.0.2.1", 3))).isFalse();
    assertThat(transfers.begin(key("192.0.2.1", 2))).as("the same anew").isTrue();
    assertThat(transfers.begin(key("192.0.2.2", 1))).isTrue();
    assertThat(transfers.begin(key("192.0.2.2", 2))).isTrue();
    assertThat(transfers.begin(key("192.0.2.3", 1))).as("all are taken").isFalse();
  }

  @Test
  void begin_afterOthersEndedOrFellSilent_hasRoom() {
    transfers.begin(key("192.0.2.1", 1));
    transfers.begin(key("192.0.2.1", 2));
    transfers.end(key("192.0.2.1", 1));
    assertThat(transfers.begin(key("192.0.2.1", 3))).isTrue();
    now.set(50);
    transfers.goOn(key("192.0.2.1", 2));
    now.set(61);
    assertThat(transfers.begin(key("192.0.2.1", 4))).as("3 is silent").isTrue();
    assertThat(transfers.begin(key("192.0.2.1", 5))).as("2 goes on").isFalse();
  }
}
