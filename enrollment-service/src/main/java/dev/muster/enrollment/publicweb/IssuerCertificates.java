/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.Fingerprint;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The issuing CAs' certificates, where certificates say they are (RFC 5280, 4.2.2.1). */
public final class IssuerCertificates implements WebFeature {
  private static final Pattern PATH = Pattern.compile("/ca/([a-z0-9-]{1,16})\\.cer");
  private static final String TYPE = "application/pkix-cert";
  private static final Duration MAX_AGE = Duration.ofDays(1);

  private final Supplier<Map<String, CertificateIssuer>> issuers;
  private final Clock clock;

  /** @param issuers by id, as they are at the time */
  public IssuerCertificates(Supplier<Map<String, CertificateIssuer>> issuers, Clock clock) {
    this.issuers = issuers;
    this.clock = clock;
  }

  @Override
  public Optional<WebPage> find(String path) {
    Matcher matcher = PATH.matcher(path);
    return matcher.matches()
        ? Optional.ofNullable(issuers.get().get(matcher.group(1)))
            .map(issuer -> WebPage.get(() -> Future.succeededFuture(answer(issuer.certificate()))))
        : Optional.empty();
  }

  private WebAnswer answer(X509Certificate certificate) {
    try {
      return WebAnswer.fresh(
          TYPE,
          Buffer.buffer(certificate.getEncoded()),
          new WebAnswer.Freshness(
              Fingerprint.of(certificate).hex(),
              certificate.getNotBefore().toInstant(),
              true,
              MAX_AGE,
              clock.instant().plus(MAX_AGE)));
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("certificate without an encoding", e);
    }
  }
}
