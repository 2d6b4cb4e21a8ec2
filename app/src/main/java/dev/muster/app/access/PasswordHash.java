/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bouncycastle.crypto.generators.Argon2BytesGenerator;
import org.bouncycastle.crypto.params.Argon2Parameters;

/**
 * Argon2id (RFC 9106) in the usual form {@code $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH}, which
 * names its own cost: it may be raised for new passwords while old ones go on working.
 */
final class PasswordHash {
  /** OWASP's choice for servers that many sign in to at a time: 19 MiB, some 50 ms. */
  private static final int MEMORY_KIB = 19_456;

  private static final int PASSES = 2;
  private static final int SALT_BYTES = 16;
  private static final int HASH_BYTES = 32;
  private static final Pattern FORM =
      Pattern.compile("\\$argon2id\\$v=19\\$m=(\\d{1,7}),t=(\\d{1,2}),p=1"
          + "\\$([A-Za-z0-9+/]{11,86})\\$([A-Za-z0-9+/]{43})");

  /** Of no password; to compare with where there is none, so that the answer takes as long. */
  static final String NOBODYS = "$argon2id$v=19$m=" + MEMORY_KIB + ",t=" + PASSES + ",p=1$"
      + "A".repeat(22) + "$" + "A".repeat(43);

  private static final SecureRandom RANDOM = new SecureRandom();

  private PasswordHash() {}

  /** Takes time and memory on purpose: not for an event loop. */
  static String of(String password) {
    byte[] salt = new byte[SALT_BYTES];
    RANDOM.nextBytes(salt);
    byte[] hash = derive(password, salt, MEMORY_KIB, PASSES);
    Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
    return "$argon2id$v=19$m=" + MEMORY_KIB + ",t=" + PASSES + ",p=1$" + base64.encodeToString(salt)
        + "$" + base64.encodeToString(hash);
  }

  /** As costly as {@link #of}. */
  static boolean matches(String password, String stored) {
    Matcher parts = FORM.matcher(stored);
    if (!parts.matches()) {
      throw new IllegalArgumentException("password hash: expected Argon2id in its usual form");
    }
    byte[] salt = Base64.getDecoder().decode(parts.group(3));
    byte[] hash =
        derive(password, salt, Integer.parseInt(parts.group(1)), Integer.parseInt(parts.group(2)));
    return Secret.same(Base64.getEncoder().withoutPadding().encodeToString(hash), parts.group(4));
  }

  private static byte[] derive(String password, byte[] salt, int memoryKib, int passes) {
    Argon2BytesGenerator generator = new Argon2BytesGenerator();
    generator.init(new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id)
        .withVersion(Argon2Parameters.ARGON2_VERSION_13)
        .withMemoryAsKB(memoryKib)
        .withIterations(passes)
        .withParallelism(1)
        .withSalt(salt)
        .build());
    byte[] hash = new byte[HASH_BYTES];
    generator.generateBytes(password.getBytes(StandardCharsets.UTF_8), hash);
    return hash;
  }
}
