/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What cacerts answers (RFC 7030, 4.1.3): encoded anew when a CA has changed, and only then.
 *
 * <p>Thread-safe.
 */
final class CaCertificatesMessage {
  private static final class Encoded {
    final List<X509Certificate> certificates;
    final byte[] der;

    Encoded(List<X509Certificate> certificates) {
      this.certificates = certificates;
      this.der = EstMessages.certsOnly(certificates);
    }
  }

  private final CertificateAuthorities authorities;
  private final Clock clock;
  private volatile @Nullable Encoded encoded;

  CaCertificatesMessage(CertificateAuthorities authorities, Clock clock) {
    this.authorities = authorities;
    this.clock = clock;
  }

  /** In DER; not to be changed. */
  byte[] now() {
    AuthorityHistory history = authorities.history();
    List<X509Certificate> certificates = history.published(clock.instant());
    Encoded last = encoded;
    if (last == null || !last.certificates.equals(certificates)) {
      last = new Encoded(certificates);
      encoded = last;
    }
    return last.der;
  }
}
