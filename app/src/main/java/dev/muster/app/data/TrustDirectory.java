/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.data;

import dev.muster.app.UserError;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What devices, brokers and people are to trust, as PEM: kept as the CAs are, also while they are
 * rolled over. Before each certificate stands the id of its CA, by which brokers tell CRLs apart.
 */
final class TrustDirectory {
  private static final Map<String, String> FILES = Map.of(
      AuthorityHistory.ROOT, "root.pem",
      AuthorityHistory.DEVICE, "device-ca.pem",
      AuthorityHistory.SERVICE, "service-ca.pem");

  private final Path directory;
  private final CertificateAuthorities authorities;

  TrustDirectory(Path directory, CertificateAuthorities authorities) {
    this.directory = directory;
    this.authorities = authorities;
  }

  /** Writes what differs. @throws UncheckedIOException if it cannot be written */
  void update() {
    AuthorityHistory history = authorities.history();
    FILES.forEach((kind, name) -> {
      List<Authority> trusted = history.trusted(kind);
      if (trusted.isEmpty()) {
        return; // An empty file is a damaged one to whoever reads it.
      }
      try {
        update(directory.resolve(name), text(trusted));
      } catch (IOException e) {
        throw new UncheckedIOException(directory.resolve(name) + ": cannot be written", e);
      }
    });
  }

  private static void update(Path file, String text) throws IOException {
    byte[] content = text.getBytes(StandardCharsets.US_ASCII);
    if (!Files.exists(file) || !Arrays.equals(Files.readAllBytes(file), content)) {
      DurableFiles.writePublic(file, content);
    }
  }

  private static String text(List<Authority> trusted) {
    return trusted.stream()
        .map(authority -> "# " + authority.id() + "\n" + Pem.of(List.of(authority.certificate())))
        .collect(Collectors.joining());
  }

  /**
   * Finds files that are gone, or of another installation. That they are behind is no damage: a
   * crash may have come between a change and them.
   *
   * @throws UserError naming the file and what to do
   */
  void check() {
    FILES.values().forEach(name -> check(directory.resolve(name)));
  }

  private void check(Path file) {
    List<X509Certificate> found;
    try {
      found = PemFile.certificates(file);
    } catch (IllegalArgumentException | UncheckedIOException e) {
      throw new UserError(file + ": missing or not readable", "restore it from a backup");
    }
    if (!authorities.everKnown().containsAll(found)) {
      throw new UserError(
          file + ": not the certificate that ca/ holds", "restore it from a backup");
    }
  }
}
