/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

/** Media types of EST (RFC 7030, 3.2.4, with RFC 8951). */
public final class EstMediaType {
  /** A PKCS#10 request (RFC 5967). */
  public static final String PKCS10 = "application/pkcs10";
  /** A certs-only CMC message: a degenerate PKCS#7 SignedData (RFC 8951, 3.2.1). */
  public static final String CERTS_ONLY = "application/pkcs7-mime; smime-type=certs-only";
  /** CSR attributes (RFC 7030, 4.5.2). */
  public static final String CSR_ATTRS = "application/csrattrs";

  /** A private key that nothing but TLS protects (RFC 5958, RFC 7030, 4.4.2). */
  public static final String PKCS8 = "application/pkcs8";
  /** A private key in an envelope for the client (RFC 7030, 4.4.2). */
  public static final String SERVER_GENERATED_KEY =
      "application/pkcs7-mime; smime-type=server-generated-key";
  /** A key and its certificate, in two parts. */
  public static final String MULTIPART = "multipart/mixed";

  private EstMediaType() {}
}
