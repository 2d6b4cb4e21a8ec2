/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.KeyPurposeId;

/** The kinds of certificate that we make, and what each is for. */
public enum CertificateKind {
  /** An LDevID. */
  DEVICE(List.of(KeyPurposeId.id_kp_clientAuth)),
  /** The client certificate of a program or a person. */
  SERVICE(List.of(KeyPurposeId.id_kp_clientAuth)),
  /** A TLS server. */
  SERVER(List.of(KeyPurposeId.id_kp_serverAuth)),
  /** Signs OCSP answers for its issuer (RFC 6960, 4.2.2.2). */
  OCSP_SIGNER(List.of(KeyPurposeId.id_kp_OCSPSigning)),
  /** Signs the audit log (RFC 9336). */
  AUDIT_SIGNER(List.of(KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.36")))),
  /** A CA that issues to end entities alone. */
  ISSUING_CA(List.of()),
  /** Signs issuing CAs; its own issuer, or another root's in a roll-over. */
  ROOT_CA(List.of());

  private final List<KeyPurposeId> purposes;

  CertificateKind(List<KeyPurposeId> purposes) {
    this.purposes = purposes;
  }

  List<KeyPurposeId> purposes() {
    return purposes;
  }

  boolean isCa() {
    return this == ISSUING_CA || this == ROOT_CA;
  }
}
