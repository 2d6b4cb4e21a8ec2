/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What of a client's flight reaches the handshake. */
class HandshakeTurnsTest {
  private static final int SERVER_HELLO = 2;
  private static final int HELLO_VERIFY_REQUEST = 3;
  private static final int CERTIFICATE = 11;
  private static final int KEY_EXCHANGE = 16;
  private static final int VERIFY = 15;

  private final HandshakeTurns turns = new HandshakeTurns(HandshakeTurns.OF_CLIENT);

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

  private static byte[] record(byte[]... messages) {
    ByteBuffer record =
        ByteBuffer.allocate(Stream.of(messages).mapToInt(one -> one.length).sum());
    Stream.of(messages).forEach(record::put);
    return record.array();
  }

  @Test
  void admit_severalMessagesInARecord_takeTheirTurnsTogether() {
    assertThat(turns.admit(record(whole(CERTIFICATE, 2), whole(KEY_EXCHANGE, 3))))
        .isTrue();
    assertThat(turns.admit(fragment(VERIFY, 4, 60, 0, 30))).as("its turn now").isTrue();
  }

  @Test
  void admit_severalMessagesAhead_arePassedOnOnce_ifAllAreWholeAndNew() {
    byte[] together = record(whole(KEY_EXCHANGE, 3), whole(VERIFY, 4));
    assertThat(turns.admit(record(whole(KEY_EXCHANGE, 3), fragment(VERIFY, 4, 60, 0, 30))))
        .isFalse();
    assertThat(turns.admit(together)).isTrue();
    assertThat(turns.admit(together)).isFalse();
    assertThat(turns.admit(whole(VERIFY, 4))).isFalse();
    assertThat(turns.admit(record(whole(VERIFY, 4), whole(VERIFY, 5)))).isFalse();
    assertThat(turns.admit(whole(CERTIFICATE, 2))).isTrue();
    assertThat(turns.admit(fragment(VERIFY, 5, 60, 0, 30))).as("its turn now").isTrue();
  }

  @Test
  void admit_severalMessages_ofWhichOneIsNotWhole_theRestWaits() {
    byte[] cut = record(fragment(CERTIFICATE, 2, 90, 0, 60), whole(KEY_EXCHANGE, 3));
    assertThat(turns.admit(cut)).isTrue();
    assertThat(turns.admit(fragment(VERIFY, 4, 60, 0, 30)))
        .as("two are missing")
        .isFalse();
    assertThat(turns.admit(whole(KEY_EXCHANGE, 3))).isTrue();
    assertThat(turns.admit(
            record(fragment(CERTIFICATE, 2, 90, 60, 30), whole(KEY_EXCHANGE, 3), whole(VERIFY, 4))))
        .isTrue();
    assertThat(turns.admit(fragment(VERIFY, 5, 60, 0, 30))).as("its turn now").isTrue();
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
  void admit_whatAsksForACookieOverAndOver_isNotPassedOn_andTheHelloIs() {
    HandshakeTurns ofClient = new HandshakeTurns(HandshakeTurns.OF_SERVER);
    assertThat(ofClient.admit(whole(HELLO_VERIFY_REQUEST, 0))).isTrue();
    assertThat(ofClient.admit(whole(HELLO_VERIFY_REQUEST, 1))).as("another key").isTrue();
    assertThat(ofClient.admit(whole(HELLO_VERIFY_REQUEST, 2))).isFalse();
    assertThat(ofClient.admit(whole(HELLO_VERIFY_REQUEST, 2))).isFalse();
    assertThat(ofClient.admit(whole(SERVER_HELLO, 2))).isTrue();
    assertThat(ofClient.admit(fragment(CERTIFICATE, 3, 60, 0, 30)))
        .as("its turn now")
        .isTrue();
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
    assertThat(turns.admit(record(whole(KEY_EXCHANGE, 3), new byte[5])))
        .as("a rest")
        .isTrue();
    assertThat(turns.admit(whole(KEY_EXCHANGE, 3)))
        .as("of which nothing was noted")
        .isTrue();
  }
}
