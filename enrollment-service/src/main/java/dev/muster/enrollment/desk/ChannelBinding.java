/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What names the connection a request came over, whatever the transport (RFC 5929, RFC 9266). One
 * object per connection: it remembers whether a request was linked to it already, as it may serve
 * one authentication and no more (RFC 9266, 4.1).
 *
 * <p>Thread-safe.
 */
public final class ChannelBinding {
  private final List<byte[]> names;
  private final AtomicBoolean spent = new AtomicBoolean();

  private ChannelBinding(List<byte[]> names) {
    this.names = names;
  }

  /** Of a connection whose transport cannot tell. */
  public static ChannelBinding unknown() {
    return new ChannelBinding(List.of());
  }

  /** @param values each names the connection; none if the transport cannot tell */
  public static ChannelBinding of(List<byte[]> values) {
    return new ChannelBinding(values.stream().map(Base64.getEncoder()::encode).toList());
  }

  /** Whether a request was linked to the connection; it has no further use then. */
  public boolean isSpent() {
    return spent.get();
  }

  boolean isKnown() {
    return !names.isEmpty();
  }

  /** Takes the same time for every value of one length. */
  boolean matches(String base64) {
    byte[] claimed = base64.getBytes(US_ASCII);
    boolean found = false;
    for (byte[] name : names) {
      found |= MessageDigest.isEqual(name, claimed);
    }
    return found;
  }

  /** @return whether this was the first time */
  boolean spend() {
    return !spent.getAndSet(true);
  }
}
