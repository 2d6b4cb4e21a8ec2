/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The body encoding of EST: base64 of DER, whatever {@code Content-Transfer-Encoding} says (RFC
 * 8951, 3).
 *
 * <p>Written in one line, as most clients read it; read with any of CR, LF, space and tab in
 * between.
 */
public final class EstBase64 {
  private EstBase64() {}

  /** One line, without a line end. */
  public static byte[] encode(byte[] der) {
    return Base64.getEncoder().encode(der);
  }

  /** @throws IllegalArgumentException if {@code body} is no base64, or is empty */
  public static byte[] decode(byte[] body) {
    byte[] packed = new byte[body.length];
    int length = 0;
    for (byte octet : body) {
      if (octet != '\r' && octet != '\n' && octet != ' ' && octet != '\t') {
        packed[length++] = octet;
      }
    }
    if (length == 0) {
      throw new IllegalArgumentException("body: empty (expected: base64 of DER)");
    }
    String text = new String(packed, 0, length, StandardCharsets.ISO_8859_1);
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "body: not base64 (expected: base64 of DER in one body, not PEM, not raw DER)", e);
    }
  }
}
