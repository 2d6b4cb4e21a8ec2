/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import org.slf4j.Logger;

/**
 * The anchors of a device as they are now: those that it was given, or those it has learnt from
 * them, in {@code trust.pem} beside its identity. Whoever gives it others starts it afresh: what
 * was learnt from the ones before is forgotten.
 *
 * <p>Learning is for one thread; what is trusted now may be asked by any.
 */
public final class TrustStore {
  private static final Logger LOG = DeviceLogger.of(TrustStore.class);
  private static final String NAME = "trust.pem";

  private final Path file;
  private final String origin;
  private volatile TrustAnchors current;

  private TrustStore(Path file, String origin, TrustAnchors current) {
    this.file = file;
    this.origin = origin;
    this.current = current;
  }

  /** Reads what was learnt, if that was from these anchors. Damage is passed over, and logged. */
  static TrustStore open(Path stateDirectory, TrustAnchors given) {
    Path file = stateDirectory.resolve(NAME);
    String origin = "# learnt from " + digest(given) + "\n";
    return new TrustStore(file, origin, read(file, origin, given));
  }

  private static TrustAnchors read(Path file, String origin, TrustAnchors given) {
    try {
      if (!Files.exists(file)) {
        return given;
      }
      String text = new String(Files.readAllBytes(file), StandardCharsets.US_ASCII);
      if (text.startsWith(origin)) {
        return TrustAnchors.learnt(Pem.certificates(text));
      }
      LOG.info("Trust begins anew, other anchors were given now={}", given);
    } catch (IOException | IllegalArgumentException e) {
      LOG.warn("Learnt trust passed over file={} reason={}", file, e.getMessage());
    }
    return given;
  }

  /** What is trusted now. */
  public TrustAnchors current() {
    return current;
  }

  /**
   * Learns from what an authenticated server has published. Blocks until that is on the disk.
   *
   * @return whether anything is different now
   * @throws UncheckedIOException if it cannot be written; then nothing is
   */
  public boolean learn(List<X509Certificate> authorities) {
    TrustAnchors next = current.learn(authorities);
    if (next.equals(current)) {
      return false;
    }
    try {
      DurableFiles.write(file, origin + Pem.of(next.all()));
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written", e);
    }
    LOG.info("Trust learnt roots={}", next);
    current = next;
    return true;
  }

  private static String digest(TrustAnchors anchors) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (X509Certificate root : anchors.all()) {
        digest.update(root.getEncoded());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
  }
}
