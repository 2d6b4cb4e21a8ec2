/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import dev.muster.broker.StartFailedException;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/** The bearer token of the operator API: 256 random bits in a file that only its owner reads. */
final class OperatorToken {
  private static final Pattern FORM = Pattern.compile("[A-Za-z0-9_-]{43}");
  private static final String BEARER = "Bearer ";

  private final byte[] secret;

  private OperatorToken(String secret) {
    this.secret = secret.getBytes(StandardCharsets.UTF_8);
  }

  /** Reads it, or makes one. @throws StartFailedException if there is something else */
  static OperatorToken of(Path file) {
    try {
      if (!Files.exists(file)) {
        DurableFiles.write(file, random() + "\n");
      }
      String secret = Files.readString(file).strip();
      if (!FORM.matcher(secret).matches()) {
        throw new StartFailedException(
            file + ": not a token (expected: 43 characters; hint: remove it, and another is made)");
      }
      return new OperatorToken(secret);
    } catch (IOException e) {
      throw new StartFailedException(file + ": cannot be read or made: " + e, e);
    }
  }

  private static String random() {
    byte[] bits = new byte[32];
    new SecureRandom().nextBytes(bits);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
  }

  /** Whether a header carries it; takes a time that does not depend on where the difference is. */
  boolean isIn(String authorization) {
    return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
        && MessageDigest.isEqual(
            secret, authorization.substring(BEARER.length()).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return "OperatorToken[hidden]";
  }
}
