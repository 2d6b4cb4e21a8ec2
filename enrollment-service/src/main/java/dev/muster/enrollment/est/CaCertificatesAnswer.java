/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.protocol.est.EstMediaType;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The answer to cacerts (RFC 7030, 4.1.3): encoded anew when a CA has changed, and only then. */
final class CaCertificatesAnswer {
  private record Encoded(List<X509Certificate> certificates, EstAnswer answer) {}

  private final CertificateAuthorities authorities;
  private final Clock clock;
  private volatile @Nullable Encoded encoded;

  CaCertificatesAnswer(CertificateAuthorities authorities, Clock clock) {
    this.authorities = authorities;
    this.clock = clock;
  }

  EstAnswer now() {
    AuthorityHistory history = authorities.history();
    List<X509Certificate> certificates = history.published(clock.instant());
    Encoded last = encoded;
    if (last == null || !last.certificates.equals(certificates)) {
      last = new Encoded(
          certificates,
          EstAnswer.encoded(EstMediaType.CERTS_ONLY, EstMessages.certsOnly(certificates)));
      encoded = last;
    }
    return last.answer;
  }
}
