/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/**
 * Which of a client's messages in a handshake are passed on, as they come: all whose turn it is,
 * and one that came whole ahead of its turn, once. The rest comes again (RFC 6347, 4.2.4).
 *
 * <p>Scandium (3.14) keeps one copy of a message that is ahead, and counts each: if another one has
 * come, or a fragment, it gives the handshake up at the end, and the client is not always told. On
 * a network that loses and doubles, that befalls handshakes in fragments.
 *
 * <p>Not thread-safe.
 */
final class HandshakeTurns {
  private static final int HEADER = 12;
  private static final int CLIENT_HELLO = 1;
  /** After the hello with the cookie, which is the second one. */
  private static final int FIRST = 2;
  /** Certificate, key exchange, verify: whatever is further ahead belongs to no handshake. */
  private static final int FURTHEST = 8;

  private static final int LONGEST = 8_192;

  private int turn = FIRST;
  private final BitSet come = new BitSet();
  private final Set<Integer> ahead = new HashSet<>();

  /** @param fragment of an unprotected record; what is none is left to others to refuse */
  boolean admit(byte[] fragment) {
    if (fragment.length < HEADER || fragment[0] == CLIENT_HELLO) {
      return true;
    }
    ByteBuffer header = ByteBuffer.wrap(fragment);
    int length = header.getInt(0) & 0xffffff;
    int sequence = header.getShort(4) & 0xffff;
    int from = header.getInt(5) & 0xffffff;
    int size = header.getInt(8) & 0xffffff;
    if (length > LONGEST || from + size > length || HEADER + size != fragment.length) {
      return true;
    }
    if (sequence > turn) {
      return size == length && sequence - turn < FURTHEST && ahead.add(sequence);
    }
    if (sequence == turn) {
      come.set(from, from + size);
      if (come.cardinality() == length) {
        next();
      }
    }
    return true;
  }

  private void next() {
    come.clear();
    do {
      turn++;
    } while (ahead.remove(turn));
  }
}
