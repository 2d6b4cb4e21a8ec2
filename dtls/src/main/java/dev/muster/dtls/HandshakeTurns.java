/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.dtls;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which of the other end's messages in a handshake are passed on, as they come: all whose turn it
 * is, and one that came whole ahead of its turn, once. The rest comes again (RFC 6347, 4.2.4).
 *
 * <p>Scandium (3.14) keeps one copy of a message that is ahead, and counts each: if another one has
 * come, or a fragment, it gives the handshake up at the end, and the other end is not always told.
 * On a network that loses and doubles, that befalls handshakes in fragments.
 *
 * <p>A server of Scandium that has no room asks for the cookie with each hello, and Scandium's
 * client says hello again at once: as fast as the network is, and for ever. What asks once too
 * often is not passed on, so that the client waits until it repeats itself.
 *
 * <p>A record may hold several messages (RFC 6347, 4.2.3). It is passed on as one, for the turn of
 * its first message; Scandium goes through the others until one is not whole.
 *
 * <p>Not thread-safe.
 */
final class HandshakeTurns {
  private static final int HEADER = 12;
  private static final int HELLO_REQUEST = 0;
  private static final int CLIENT_HELLO = 1;
  private static final int HELLO_VERIFY_REQUEST = 3;
  /** The first asks for the cookie, the next for another one, as a server changes its key. */
  private static final int LAST_COOKIE = 1;
  /** Of a client, after the hello with the cookie, which is its second message. */
  static final int OF_CLIENT = 2;
  /** Of a server, which asks for the cookie first. */
  static final int OF_SERVER = 0;
  /** Certificate, key exchange, verify: whatever is further ahead belongs to no handshake. */
  private static final int FURTHEST = 8;

  private static final int LONGEST = 8_192;

  /**
   * A message, or a part of it: {@code size} bytes of {@code length}, after {@code from} others.
   */
  private record Part(int type, int sequence, int length, int from, int size) {
    boolean isWhole() {
      return size == length;
    }
  }

  private final BitSet come = new BitSet();
  private final Set<Integer> ahead = new HashSet<>();
  private int turn;

  /** @param first the number of the message whose turn is first */
  HandshakeTurns(int first) {
    turn = first;
  }

  /** @param fragment of an unprotected record; what is none is left to others to refuse */
  boolean admit(byte[] fragment) {
    List<Part> parts = read(fragment);
    if (parts.stream().anyMatch(HandshakeTurns::isOneCookieTooMany)) {
      return false;
    }
    if (parts.isEmpty() || parts.get(0).sequence() < turn) {
      return true; // In what begins with an old message, Scandium looks for no new ones.
    }
    if (parts.get(0).sequence() > turn) {
      return keep(parts);
    }
    boolean goesOn = true;
    for (int i = 0; i < parts.size() && goesOn; i++) {
      goesOn = take(parts.get(i));
    }
    return true;
  }

  private static boolean isOneCookieTooMany(Part part) {
    return part.type() == HELLO_VERIFY_REQUEST && part.sequence() > LAST_COOKIE;
  }

  /** @return none, if there is anything that is not of a flight as it should be */
  private static List<Part> read(byte[] fragment) {
    List<Part> parts = new ArrayList<>(1);
    ByteBuffer left = ByteBuffer.wrap(fragment);
    while (left.remaining() >= HEADER) {
      int type = left.get(left.position());
      int length = left.getInt() & 0xffffff;
      int sequence = left.getShort() & 0xffff;
      int from = left.getInt(left.position() - 1) & 0xffffff;
      int size = left.getInt(left.position() + 2) & 0xffffff;
      left.position(left.position() + 6);
      if (type == HELLO_REQUEST
          || type == CLIENT_HELLO
          || length > LONGEST
          || from + size > length
          || size > left.remaining()) {
        return List.of();
      }
      left.position(left.position() + size);
      parts.add(new Part(type, sequence, length, from, size));
    }
    return left.hasRemaining() ? List.of() : parts;
  }

  private boolean keep(List<Part> parts) {
    boolean isNew = parts.stream()
        .allMatch(part -> part.isWhole()
            && part.sequence() > turn
            && part.sequence() - turn < FURTHEST
            && !ahead.contains(part.sequence()));
    if (isNew) {
      parts.forEach(part -> ahead.add(part.sequence()));
    }
    return isNew;
  }

  /** @return whether what follows in its record is looked at */
  private boolean take(Part part) {
    if (part.sequence() != turn) {
      return part.sequence() < turn; // That was kept, and is passed over when its turn comes.
    }
    come.set(part.from(), part.from() + part.size());
    boolean complete = come.cardinality() == part.length();
    if (complete) {
      next();
    }
    return complete;
  }

  private void next() {
    come.clear();
    do {
      turn++;
    } while (ahead.remove(turn));
  }
}
