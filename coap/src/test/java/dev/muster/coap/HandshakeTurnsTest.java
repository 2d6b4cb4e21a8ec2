/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What of a client's flight reaches the handshake. */
class HandshakeTurnsTest {
  private static final int CERTIFICATE = 11;
  private static final int KEY_EXCHANGE = 16;
  private static final int VERIFY = 15;

  private final HandshakeTurns turns = new HandshakeTurns();

  private static byte[] fragment(int type, int sequence, int length, int from, int size) {
    return ByteBuffer.allocate(12 + size)
        .putInt(type << 24 | length)
        .putShort((short) sequence)
        .put((byte) 0)
        .putShort((short) from)
        .put((byte) 0)
        .putShort((short) size)
        .array();
  }

  private static byte[] whole(int type, int sequence) {
    return fragment(type, sequence, 60, 0, 60);
  }

  @Test
  void admit_inTurn_isAlwaysPassedOn() {
    assertThat(turns.admit(fragment(CERTIFICATE, 2, 300, 0, 200))).isTrue();
    assertThat(turns.admit(fragment(CERTIFICATE, 2, 300, 0, 200))).isTrue();
    assertThat(turns.admit(fragment(CERTIFICATE, 2, 300, 150, 150))).isTrue();
    assertThat(turns.admit(fragment(KEY_EXCHANGE, 3, 60, 0, 30)))
        .as("its turn now")
        .isTrue();
    assertThat(turns.admit(fragment(CERTIFICATE, 2, 300, 0, 200))).as("over").isTrue();
  }

  @Test
  void admit_aheadOfItsTurn_isPassedOnOnce_ifWhole() {
    assertThat(turns.admit(fragment(KEY_EXCHANGE, 3, 60, 0, 30))).isFalse();
    assertThat(turns.admit(whole(VERIFY, 4))).isTrue();
    assertThat(turns.admit(whole(VERIFY, 4))).isFalse();
    assertThat(turns.admit(whole(CERTIFICATE, 2))).isTrue();
    assertThat(turns.admit(fragment(KEY_EXCHANGE, 3, 60, 0, 30))).isTrue();
    assertThat(turns.admit(fragment(KEY_EXCHANGE, 3, 60, 30, 30))).isTrue();
    assertThat(turns.admit(whole(VERIFY, 4))).as("over").isTrue();
    assertThat(turns.admit(whole(VERIFY, 5))).as("its turn now").isTrue();
  }

  @Test
  void admit_ofThousandsAhead_keepsFew() {
    int passed = 0;
    for (int sequence = 3; sequence <= 0xffff; sequence++) {
      passed += turns.admit(whole(VERIFY, sequence)) ? 1 : 0;
    }
    assertThat(passed).isEqualTo(7);
  }

  @Test
  void admit_whatIsNoFragment_isLeftToScandium() {
    assertThat(turns.admit(new byte[3])).isTrue();
    assertThat(turns.admit(whole(1, 9))).as("a hello").isTrue();
    assertThat(turns.admit(fragment(VERIFY, 9, 60, 40, 30)))
        .as("beyond its end")
        .isTrue();
    assertThat(turns.admit(fragment(VERIFY, 9, 9_000, 0, 60))).as("too long").isTrue();
    assertThat(turns.admit(new byte[200])).isTrue();
  }
}
