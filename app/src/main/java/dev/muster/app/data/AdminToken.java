/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.data;

import dev.muster.app.UserError;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A bearer token of the operator API in a file that only its owner can read: the 256 random bits of
 * the data directory, or the token of an operator.
 */
public final class AdminToken {
  private static final Pattern FORM = Pattern.compile("(muster_[0-9a-f]{12}_)?[A-Za-z0-9_-]{43}");
  private static final Set<PosixFilePermission> OWNER_ONLY =
      Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final String secret;

  private AdminToken(String secret) {
    this.secret = secret;
  }

  static void create(Path file) throws IOException {
    byte[] bits = new byte[32];
    new SecureRandom().nextBytes(bits);
    DurableFiles.write(file, Base64.getUrlEncoder().withoutPadding().encodeToString(bits) + "\n");
  }

  /** @throws UserError if it is missing, has another form, or others may read it */
  public static AdminToken read(Path file) {
    String secret;
    try {
      if (!OWNER_ONLY.containsAll(Files.getPosixFilePermissions(file))) {
        throw new UserError(
            file + ": readable by others (expected: mode 0600)", "chmod 600 " + file);
      }
      secret = Files.readString(file).strip();
    } catch (IOException e) {
      throw new UserError(
          file + ": missing or not readable (expected: the token that muster init wrote)",
          "restore it from a backup");
    }
    if (!FORM.matcher(secret).matches()) {
      throw new UserError(
          file + ": not a token (expected: 43 characters, or muster_ID_ and 43)",
          "restore it from a backup");
    }
    return new AdminToken(secret);
  }

  /** Compares in a time that does not depend on where the difference is. */
  public boolean matches(String offered) {
    return MessageDigest.isEqual(
        secret.getBytes(StandardCharsets.UTF_8), offered.getBytes(StandardCharsets.UTF_8));
  }

  /** The value of an Authorization header (RFC 6750, 2.1). */
  public String authorizationHeader() {
    return "Bearer " + secret;
  }

  @Override
  public String toString() {
    return "AdminToken[hidden]";
  }
}
