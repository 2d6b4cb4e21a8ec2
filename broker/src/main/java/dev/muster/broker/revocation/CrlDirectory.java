/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** The last CRLs on disk, so that a restart need not wait for the enrollment service. */
final class CrlDirectory {
  private final Path directory;

  CrlDirectory(Path directory) {
    this.directory = directory;
  }

  /** Blocks. Empty if there is none. */
  Optional<byte[]> read(String issuer) throws IOException {
    Path file = file(issuer);
    return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
  }

  /** Blocks until the CRL is on stable storage, or the old one still is. */
  void write(String issuer, byte[] der) throws IOException {
    Files.createDirectories(directory);
    Path fresh = directory.resolve(issuer + ".crl.new");
    try (FileChannel channel = FileChannel.open(
        fresh,
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        StandardOpenOption.TRUNCATE_EXISTING)) {
      ByteBuffer bytes = ByteBuffer.wrap(der);
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(
        fresh, file(issuer), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  private Path file(String issuer) {
    return directory.resolve(issuer + ".crl");
  }
}
