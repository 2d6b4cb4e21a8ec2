/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import java.net.URI;

/**
 * Where a certificate says that more is to be had, over plain HTTP.
 *
 * @param crl the CRL that would name it (RFC 5280, 4.2.1.13)
 * @param ocsp whom to ask about it (RFC 5280, 4.2.2.1)
 * @param caIssuers the certificate of its issuer (RFC 5280, 4.2.2.1)
 */
public record StatusUrls(URI crl, URI ocsp, URI caIssuers) {
  public StatusUrls {
    requireNonNull(crl, "crl");
    requireNonNull(ocsp, "ocsp");
    requireNonNull(caIssuers, "caIssuers");
  }
}
