/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.enrollment.authority.DamagedFileException;
import dev.muster.enrollment.authority.ServiceCertificates;
import dev.muster.enrollment.authority.ServiceCredential;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that the credential of a service was replaced, by this process, another one or an
 * operator, and has it used. Used by one thread at a time; blocks.
 */
final class CredentialFollower {
  private static final Logger LOG = LoggerFactory.getLogger(CredentialFollower.class);

  private final ServiceCertificates services;
  private final ServiceCertificates.Service service;
  private final Consumer<ServiceCredential> user;
  private X509Certificate used;
  private volatile @Nullable String problem;

  /** @param used what is in use already */
  CredentialFollower(
      ServiceCertificates services,
      ServiceCertificates.Service service,
      X509Certificate used,
      Consumer<ServiceCredential> user) {
    this.services = services;
    this.service = service;
    this.used = used;
    this.user = user;
  }

  /** Has a new credential used, if there is one. */
  void look() {
    try {
      if (!services.certificate(service).equals(used)) {
        ServiceCredential found = services.read(service);
        user.accept(found);
        used = found.certificate();
        LOG.info("Service certificate in use service={}", service.directory());
      }
      problem = null;
    } catch (DamagedFileException e) {
      // For a moment this is so whenever one is put in place of another.
      problem = e.getMessage();
    }
  }

  /** Why no other credential can be used at the moment; empty if one could. */
  Optional<String> problem() {
    return Optional.ofNullable(problem);
  }
}
