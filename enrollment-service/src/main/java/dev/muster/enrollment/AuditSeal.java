/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.enrollment.audit.CheckpointSigner;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.inventory.Registry;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs the end of the audit log: every hour in which something happened, and when the service
 * stops. The key lives in memory and gets a new certificate long before the old one ends.
 *
 * <p>Thread-safe; blocks.
 */
final class AuditSeal {
  private static final Logger LOG = LoggerFactory.getLogger(AuditSeal.class);
  private static final Duration INTERVAL = Duration.ofHours(1);
  private static final Duration VALIDITY = Duration.ofDays(90);
  private static final Duration USED_FOR = Duration.ofDays(60);

  private final Registry registry;
  private final CertificateAuthorities authorities;
  private final Consumer<X509Certificate> issued;
  private final Clock clock;
  private @Nullable CheckpointSigner signer;
  private Instant signerSince = Instant.MIN;
  private Instant last;

  /** @param issued hears of each certificate for a signer before it is used */
  AuditSeal(
      Registry registry,
      CertificateAuthorities authorities,
      Consumer<X509Certificate> issued,
      Clock clock) {
    this.registry = registry;
    this.authorities = authorities;
    this.issued = issued;
    this.clock = clock;
    this.last = clock.instant();
  }

  /** Signs if the last time is long enough ago. */
  synchronized void signDue() {
    if (!clock.instant().isBefore(last.plus(INTERVAL))) {
      sign();
    }
  }

  /** Signs now, if anything has happened. */
  synchronized void sign() {
    Instant now = clock.instant();
    CheckpointSigner current = signer(now);
    if (registry.commit(tables -> tables.audit().checkpoint(current, now))) {
      LOG.info("Audit log signed at={}", now);
    }
    last = now;
  }

  private CheckpointSigner signer(Instant now) {
    CheckpointSigner current = signer;
    if (current == null
        || now.isAfter(signerSince.plus(USED_FOR))
        || isOfAnotherCa(current.certificate())) {
      ServiceCredential credential = authorities.issueAuditSigner(VALIDITY, clock);
      issued.accept(credential.certificate());
      current =
          new CheckpointSigner(credential.key(), credential.chain(), CryptoProviders.fastest());
      signer = current;
      signerSince = now;
    }
    return current;
  }

  /** Than the one that is in use: its key may be in other hands by now, which sign just as well. */
  private boolean isOfAnotherCa(X509Certificate certificate) {
    return !authorities.isHalted()
        && !certificate
            .getIssuerX500Principal()
            .equals(authorities.serviceCa().getSubjectX500Principal());
  }
}
