/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.once;

import dev.muster.protocol.identity.Quoted;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.regex.Pattern;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a client makes up for one request and sends again with each attempt at it
 * ({@code Idempotency-Key}), so that something is made once, however often an answer is lost.
 *
 * <p>A server keeps {@link #id()} beside what it has made, and an answer that holds a secret under
 * {@link #seal}: without the key, which it does not keep, it opens neither.
 */
public final class OnceKey {
  /** The name of the header. */
  public static final String HEADER = "Idempotency-Key";

  /** As many random bits as nobody guesses need at least so many characters. */
  private static final Pattern FORM = Pattern.compile("[!#-~]{16,200}");

  private static final String HMAC = "HmacSHA256";
  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int TAG_BITS = 128;
  private static final int NONCE_BYTES = 12;

  private final byte[] secret;

  private OnceKey(byte[] secret) {
    this.secret = secret;
  }

  /**
   * Reads the header's value, in quotation marks or not.
   *
   * @param scope who asks for what: in another, the same text is another key
   * @throws IllegalArgumentException if it is too short to be random, or has other characters
   */
  public static OnceKey of(String header, String scope) {
    String text = header.length() > 1 && header.startsWith("\"") && header.endsWith("\"")
        ? header.substring(1, header.length() - 1)
        : header;
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(HEADER + ": " + Quoted.of(header)
          + " (expected: 16 to 200 visible characters, random, such as a UUID)");
    }
    return new OnceKey(hmac(text.getBytes(StandardCharsets.US_ASCII), scope));
  }

  /** Tells one key from another, and nothing else of it; 64 hexadecimal digits. */
  public String id() {
    return HexFormat.of().formatHex(hmac(secret, "id"));
  }

  /** Tells one request by this key from another; 64 hexadecimal digits. */
  public String digest(byte[] body) {
    return HexFormat.of().formatHex(hmac(hmac(secret, "body"), body));
  }

  /** Encrypts what only whoever has the key may read. */
  public byte[] seal(byte[] answer) {
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(Cipher.ENCRYPT_MODE, cipherKey());
      byte[] nonce = cipher.getIV();
      byte[] encrypted = cipher.doFinal(answer);
      return ByteBuffer.allocate(nonce.length + encrypted.length)
          .put(nonce)
          .put(encrypted)
          .array();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** @throws IllegalArgumentException if it was sealed by another key, or changed */
  public byte[] open(byte[] sealed) {
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(
          Cipher.DECRYPT_MODE, cipherKey(), new GCMParameterSpec(TAG_BITS, sealed, 0, NONCE_BYTES));
      return cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalArgumentException("sealed by another key, or changed", e);
    }
  }

  private SecretKeySpec cipherKey() {
    return new SecretKeySpec(hmac(secret, "answer"), "AES");
  }

  private static byte[] hmac(byte[] key, String text) {
    return hmac(key, text.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] hmac(byte[] key, byte[] text) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(key, HMAC));
      return mac.doFinal(text);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no " + HMAC, e);
    }
  }

  @Override
  public String toString() {
    return "OnceKey[hidden]";
  }
}
