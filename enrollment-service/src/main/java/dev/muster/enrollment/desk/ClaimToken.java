/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * A secret that lets one device in once. Nothing but {@link #reveal} shows it.
 *
 * <p>It is kept and looked up by its SHA-256. Slow hashes protect secrets that can be guessed; this
 * one has 128 random bits, which no dictionary holds. And since nobody can choose what a guess
 * hashes to, the time that a look-up takes tells nothing about the tokens there are.
 */
public final class ClaimToken {
  private static final int BYTES = 16;
  /** Far more than ours have; whatever comes is hashed. */
  private static final int MAX_LENGTH = 128;

  private final String text;

  private ClaimToken(String text) {
    this.text = text;
  }

  /** A new one. */
  public static ClaimToken random(SecureRandom random) {
    byte[] secret = new byte[BYTES];
    random.nextBytes(secret);
    return new ClaimToken(HexFormat.of().formatHex(secret));
  }

  /**
   * What somebody claims to be one.
   *
   * @throws IllegalArgumentException if it is empty or too long
   */
  public static ClaimToken of(String text) {
    if (text.isEmpty() || text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("claim token: " + text.length()
          + " characters (expected: the " + 2 * BYTES + " of a token)");
    }
    return new ClaimToken(text);
  }

  /** Hexadecimal digits of its SHA-256. */
  public String hash() {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  /** The secret, for who made it. */
  public String reveal() {
    return text;
  }

  @Override
  public String toString() {
    return "ClaimToken[hidden]";
  }
}
