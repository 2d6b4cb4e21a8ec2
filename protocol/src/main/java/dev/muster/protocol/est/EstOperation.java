/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import java.util.Optional;

/** The operations of EST (RFC 7030, 3.2.2). */
public enum EstOperation {
  CA_CERTS("cacerts", "GET", EstMediaType.CERTS_ONLY),
  SIMPLE_ENROLL("simpleenroll", "POST", EstMediaType.CERTS_ONLY),
  SIMPLE_REENROLL("simplereenroll", "POST", EstMediaType.CERTS_ONLY),
  CSR_ATTRS("csrattrs", "GET", EstMediaType.CSR_ATTRS),
  SERVER_KEYGEN("serverkeygen", "POST", EstMediaType.MULTIPART),
  FULL_CMC("fullcmc", "POST", "application/pkcs7-mime; smime-type=CMC-response"),
  /** Takes a certificate as a further path segment (draft-ietf-lamps-est-renewal-info). */
  RENEWAL_INFO("renewal-info", "GET", "application/json");

  /** The path under which every EST server answers (RFC 7030, 3.2.2). */
  public static final String WELL_KNOWN = "/.well-known/est";

  private final String segment;
  private final String method;
  private final String responseType;

  EstOperation(String segment, String method, String responseType) {
    this.segment = segment;
    this.method = method;
    this.responseType = responseType;
  }

  /** The operation that a path segment names. */
  public static Optional<EstOperation> of(String segment) {
    for (EstOperation operation : values()) {
      if (operation.segment.equals(segment)) {
        return Optional.of(operation);
      }
    }
    return Optional.empty();
  }

  /** The whole path without a label, for example {@code /.well-known/est/simpleenroll}. */
  public String path() {
    return WELL_KNOWN + "/" + segment;
  }

  public String segment() {
    return segment;
  }

  /** {@code GET} or {@code POST}. */
  public String method() {
    return method;
  }

  /** The media type of a successful answer. */
  public String responseType() {
    return responseType;
  }
}
