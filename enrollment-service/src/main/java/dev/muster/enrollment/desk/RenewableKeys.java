/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.KeyKind;

/**
 * Whether the holder of a key could come back with its certificate to renew it. BoringSSL, behind
 * Conscrypt, takes no client certificate with an Ed25519 key: whoever got one would be shut out
 * until it has ended.
 *
 * @param withEd25519 whether TLS takes such certificates
 */
record RenewableKeys(boolean withEd25519) {
  static RenewableKeys of(CryptoProviders crypto) {
    return new RenewableKeys(crypto.tls().isEmpty());
  }

  CsrCheck check(CsrCheck check) {
    return check instanceof CsrCheck.Accepted accepted
            && !withEd25519
            && KeyKind.of(accepted.csr().key()) == KeyKind.ED25519
        ? new CsrCheck.Refused(
            "publicKey",
            "Ed25519 (expected: EC or RSA, as TLS by Conscrypt takes no certificate with such a key"
                + " when it is to be renewed)")
        : check;
  }
}
