/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The last CRLs on disk, so that a restart need not wait for the enrollment service. */
final class CrlDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(CrlDirectory.class);

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
    DurableFiles.createFolder(directory);
    DurableFiles.writePublic(file(issuer), der);
  }

  /** Forgets the CRL of a CA that is gone. Blocks. */
  void remove(String issuer) {
    try {
      Files.deleteIfExists(file(issuer));
    } catch (IOException e) {
      // Never asked for again; it only takes room.
      LOG.warn("CRL not removed issuer={} error={}", issuer, e.toString());
    }
  }

  private Path file(String issuer) {
    return directory.resolve(issuer + ".crl");
  }
}
