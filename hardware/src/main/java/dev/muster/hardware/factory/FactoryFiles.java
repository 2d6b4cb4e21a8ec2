/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.protocol.file.PemFile;
import dev.muster.protocol.file.StagedDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPrivateKey;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A factory's files, with failures worded for the user of a command line. */
final class FactoryFiles {
  private static final String CERTIFICATE = "one certificate as PEM";
  private static final String KEY = "an EC private key as PKCS#8 PEM, not encrypted";

  private FactoryFiles() {}

  /**
   * Makes a directory with all its files, or none.
   *
   * @return its absolute path
   * @throws FactoryException if there is something at that place, or it cannot be written
   */
  static Path create(Path directory, StagedDirectory.Contents contents) {
    Path target = directory.toAbsolutePath().normalize();
    refuseOccupied(target);
    try {
      return StagedDirectory.create(target, contents);
    } catch (IOException e) {
      throw FactoryException.io(target, "created", e);
    }
  }

  /** @throws FactoryException if there is something at that place, or it cannot be looked at */
  static void refuseOccupied(Path target) {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FactoryException(
          target + ": exists and is not a directory (expected: a new or empty directory)");
    }
    try (Stream<Path> files = Files.list(target)) {
      if (files.findAny().isPresent()) {
        throw new FactoryException(target
            + ": has files in it, nothing was overwritten (expected: a new or empty directory)");
      }
    } catch (IOException e) {
      throw FactoryException.io(target, "read", e);
    }
  }

  /** @throws FactoryException if the file has anything but exactly one certificate */
  static X509Certificate certificate(Path file) {
    List<X509Certificate> found = read(file, PemFile::certificates, CERTIFICATE);
    if (found.size() != 1) {
      throw damaged(file, CERTIFICATE, null);
    }
    return found.get(0);
  }

  /** @throws FactoryException if the file has no certificate */
  static List<X509Certificate> certificates(Path file) {
    return read(file, PemFile::certificates, "certificates as PEM");
  }

  /** @throws FactoryException if the file has no EC private key, PKCS#8, not encrypted */
  static PrivateKey privateKey(Path file) {
    PrivateKey key = read(file, PemFile::privateKey, KEY);
    if (!(key instanceof ECPrivateKey)) {
      throw damaged(file, KEY, null);
    }
    return key;
  }

  private static <T> T read(Path file, Function<Path, T> reader, String expected) {
    try {
      return reader.apply(file);
    } catch (IllegalArgumentException e) {
      throw damaged(file, expected, e);
    } catch (UncheckedIOException e) {
      throw FactoryException.io(file, "read", e.getCause());
    }
  }

  private static FactoryException damaged(Path file, String expected, @Nullable Throwable cause) {
    return new FactoryException(
        file + ": is damaged (expected: " + expected + "); restore it from a backup", cause);
  }
}
