/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Function;

/** Reads files of {@link Pem}. Blocks. */
public final class PemFile {
  private static final int MAX_BYTES = 256 * 1024;

  private PemFile() {}

  /**
   * Reads one or more certificates, in their order.
   *
   * @throws IllegalArgumentException naming the file, if it is missing or holds none
   * @throws UncheckedIOException naming the file, if it cannot be read
   */
  public static List<X509Certificate> certificates(Path file) {
    return read(file, Pem::certificates);
  }

  /**
   * Reads the one PKCS#8 key, not encrypted.
   *
   * @throws IllegalArgumentException naming the file, if it is missing or holds no such key
   * @throws UncheckedIOException naming the file, if it cannot be read
   */
  public static PrivateKey privateKey(Path file) {
    return read(file, Pem::privateKey);
  }

  private static <T> T read(Path file, Function<String, T> content) {
    String text = text(file);
    try {
      return content.apply(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static String text(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException(file + ": too large (expected: a few kB of PEM)");
      }
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be read (" + e + ")", e);
    }
  }
}
