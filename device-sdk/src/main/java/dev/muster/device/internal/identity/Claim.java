/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.internal.est.ClaimToken;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Where a device has its claim token from, and whether it was used: that is noted in the state
 * directory, by its digest, so that one that was left in its file is not shown again to a server
 * that would refuse it. After the device was built, owned by the owner thread.
 */
public final class Claim {
  private static final Logger LOG = DeviceLogger.of(Claim.class);
  private static final String NOTE = "claimed";
  private static final int MAX_FILE_BYTES = 1024;

  private final @Nullable Path file;
  private @Nullable ClaimToken token;

  private Claim(@Nullable Path file, @Nullable ClaimToken token) {
    this.file = file;
    this.token = token;
  }

  /** @throws IllegalArgumentException if it cannot be a token; without showing it */
  public static Claim of(String token) {
    return new Claim(null, ClaimToken.of(token));
  }

  /** Of a file, which is read when the token is needed, and need not be there otherwise. */
  public static Claim in(Path file) {
    return new Claim(file, null);
  }

  /**
   * The token to show now; empty if there is none, or if it has let this device in before.
   *
   * @throws IllegalArgumentException naming the file, if it cannot be read or holds no token
   */
  public Optional<ClaimToken> unused(Path stateDirectory) {
    if (file != null) {
      forget();
      token = read(file);
    }
    ClaimToken found = token;
    if (found != null && isUsed(found, stateDirectory)) {
      forget();
      return Optional.empty();
    }
    return Optional.ofNullable(found);
  }

  private static @Nullable ClaimToken read(Path file) {
    try {
      // A pipe would hold the device up.
      if (Files.size(file) > MAX_FILE_BYTES || !Files.isRegularFile(file)) {
        throw new IllegalArgumentException(
            "cannot be it (expected: a file with a token and nothing else)");
      }
      return ClaimToken.of(Files.readString(file, StandardCharsets.ISO_8859_1).strip());
    } catch (NoSuchFileException e) {
      return null;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "claim token: " + file + ": cannot be read (" + e.getClass().getSimpleName() + ")", e);
    }
  }

  private static boolean isUsed(ClaimToken token, Path stateDirectory) {
    Path note = stateDirectory.resolve(NOTE);
    try {
      return Files.exists(note)
          && Files.readString(note, StandardCharsets.ISO_8859_1).strip().equals(token.digest());
    } catch (IOException e) {
      return false; // It is shown, and the server knows.
    }
  }

  /** The device has a certificate, for which the token was shown. */
  public void used(Path stateDirectory) {
    ClaimToken shown = token;
    if (shown != null) {
      try {
        DurableFiles.write(stateDirectory.resolve(NOTE), shown.digest() + "\n");
      } catch (IOException e) {
        LOG.warn("Claim token not noted as used reason={}", e.getMessage());
      }
      forget();
    }
  }

  /** It is not needed; a file is read again if that changes. */
  public void forget() {
    if (token != null) {
      token.forget();
      token = null;
    }
  }

  @Override
  public String toString() {
    return "Claim[" + (file == null ? "given" : file) + "]";
  }
}
