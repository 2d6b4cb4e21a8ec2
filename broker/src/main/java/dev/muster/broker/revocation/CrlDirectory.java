/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The last CRLs on disk, so that a restart need not wait for the enrollment service. Used by one
 * thread at a time.
 */
final class CrlDirectory {
  private static final Logger LOG = LoggerFactory.getLogger(CrlDirectory.class);

  /** A file that looks as before is read again after this: its time may have been set back. */
  private static final Duration TRUSTED = Duration.ofMinutes(1);

  private record Look(FileTime modified, long bytes, Instant at) {
    boolean stillHolds(FileTime nowModified, long nowBytes, Instant now) {
      return modified.equals(nowModified)
          && bytes == nowBytes
          && Duration.between(at, now).abs().compareTo(TRUSTED) < 0;
    }
  }

  private final Path directory;
  private final Map<String, Look> looks = new HashMap<>();

  CrlDirectory(Path directory) {
    this.directory = directory;
  }

  /** Blocks. Empty if there is none. */
  Optional<byte[]> read(String issuer) throws IOException {
    Path file = file(issuer);
    return Files.exists(file) ? Optional.of(Files.readAllBytes(file)) : Optional.empty();
  }

  /**
   * As {@link #read}, for who asks again and again: empty as well if the file looks as it did when
   * this was last asked, less than a minute ago.
   */
  Optional<byte[]> readIfChanged(String issuer, Instant now) throws IOException {
    Path file = file(issuer);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    BasicFileAttributes seen = Files.readAttributes(file, BasicFileAttributes.class);
    Look last = looks.get(issuer);
    if (last != null && last.stillHolds(seen.lastModifiedTime(), seen.size(), now)) {
      return Optional.empty();
    }
    byte[] der = Files.readAllBytes(file);
    looks.put(issuer, new Look(seen.lastModifiedTime(), seen.size(), now));
    return Optional.of(der);
  }

  /** Blocks until the CRL is on stable storage, or the old one still is. */
  void write(String issuer, byte[] der) throws IOException {
    DurableFiles.createFolder(directory);
    DurableFiles.writePublic(file(issuer), der);
  }

  /** Forgets the CRL of a CA that is gone. Blocks. */
  void remove(String issuer) {
    looks.remove(issuer);
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
