/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

/** The CoAP Content-Formats of EST (RFC 9148, 8.1), and one of discovery. */
final class ContentFormat {
  static final int LINK_FORMAT = 40;
  /** A CBOR array of formats and contents in turn (RFC 8710). */
  static final int MULTIPART = 62;

  static final int SERVER_GENERATED_KEY = 280;
  static final int CERTS_ONLY = 281;
  static final int PKCS8 = 284;
  static final int CSR_ATTRS = 285;
  static final int PKCS10 = 286;
  static final int CERTIFICATE = 287;

  private ContentFormat() {}
}
