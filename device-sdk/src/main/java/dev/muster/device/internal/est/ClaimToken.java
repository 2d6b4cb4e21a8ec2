/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;

/**
 * A secret that lets a device in once (RFC 7030, 3.2.3), shown to the enrollment server alone.
 * Thread-safe.
 */
public final class ClaimToken {
  private static final int MAX_LENGTH = 128;

  /** A server goes by the token alone. */
  private static final String USER = "claim:";

  private final byte[] secret;
  private boolean forgotten;

  private ClaimToken(byte[] secret) {
    this.secret = secret;
  }

  /** @throws IllegalArgumentException if it cannot be one; without showing it */
  public static ClaimToken of(String text) {
    boolean printable = text.chars().allMatch(c -> c > ' ' && c <= '~');
    if (text.isEmpty() || text.length() > MAX_LENGTH || !printable) {
      throw new IllegalArgumentException("claim token: " + text.length() + " characters"
          + (printable ? "" : ", with blanks or others that are not printable ASCII")
          + " (expected: one token, as muster admin claims create shows it)");
    }
    return new ClaimToken(text.getBytes(StandardCharsets.US_ASCII));
  }

  /** The value of {@code Authorization}: Basic (RFC 7617). */
  synchronized String authorization() {
    if (forgotten) {
      throw new IllegalStateException("the claim token was forgotten");
    }
    byte[] user = USER.getBytes(StandardCharsets.US_ASCII);
    byte[] pair = Arrays.copyOf(user, user.length + secret.length);
    System.arraycopy(secret, 0, pair, user.length, secret.length);
    String encoded = Base64.getEncoder().encodeToString(pair);
    Arrays.fill(pair, (byte) 0);
    return "Basic " + encoded;
  }

  /** Names it, and lets nobody find it out: of 128 random bits, as tokens have. */
  public synchronized String digest() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(secret));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
  }

  /** Overwrites it; it cannot be shown any more. */
  public synchronized void forget() {
    forgotten = true;
    Arrays.fill(secret, (byte) 0);
  }

  @Override
  public String toString() {
    return "ClaimToken[hidden]";
  }
}
