/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.Fingerprint;

/** Keys that nobody gets a certificate for. */
public final class ReservedKeys {
  private ReservedKeys() {}

  /** Whether it is the key of one of our CAs, of a manufacturer's, or of an IDevID we have met. */
  public static boolean contains(
      Registry.Tables tables,
      Fingerprint key,
      TrustView trust,
      CertificateAuthorities authorities) {
    return ofAuthority(key, trust, authorities) || tables.devices().isFactoryKey(key);
  }

  /** Whether it is the key of one of our CAs, or of a manufacturer's. */
  static boolean ofAuthority(Fingerprint key, TrustView trust, CertificateAuthorities authorities) {
    return authorities.isKey(key) || trust.isAnchorKey(key);
  }
}
