/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.Fingerprint;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A trust anchor of IDevIDs.
 *
 * @param provenAt when somebody showed to have its key; null if nobody has, and then it lets nobody
 *     in
 * @param challenge what is to be certified as proof; null if proof is not wanted any more
 * @param distrust null if it is trusted
 * @param crlUrl where its CRL is fetched from; null if from nowhere
 */
public record ManufacturerCa(
    X509Certificate certificate,
    @Nullable Instant provenAt,
    @Nullable Challenge challenge,
    @Nullable Distrust distrust,
    @Nullable URI crlUrl) {
  public ManufacturerCa {
    requireNonNull(certificate, "certificate");
  }

  /** @param until when it ends to count */
  public record Challenge(String text, Instant until) {
    public Challenge {
      requireNonNull(text, "text");
      requireNonNull(until, "until");
    }
  }

  /** One whose owner has shown the key. */
  public static ManufacturerCa proven(X509Certificate certificate, Instant at) {
    return new ManufacturerCa(certificate, at, null, null, null);
  }

  /** Of the certificate; what tells it from others. */
  public Fingerprint fingerprint() {
    return Fingerprint.of(certificate);
  }

  /** Whether somebody has shown the key. */
  public boolean isProven() {
    return provenAt != null;
  }

  /** In a word, for people. */
  public String status() {
    return distrust != null ? "disabled" : isProven() ? "enabled" : "unproven";
  }
}
