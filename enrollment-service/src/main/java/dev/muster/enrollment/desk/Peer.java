/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.enrollment.inventory.Manufacturer;
import dev.muster.enrollment.issuance.Fingerprint;
import java.security.cert.X509Certificate;
import java.util.List;

/** Who sits at the other end of a TLS connection. */
sealed interface Peer {
  /**
   * A device with the identity its factory gave it.
   *
   * @param ca the trust anchor it came by
   */
  record Factory(
      Manufacturer manufacturer,
      String serial,
      List<VerifiedCsr.Name> names,
      X509Certificate idevid,
      Fingerprint ca)
      implements Peer {
    public Factory {
      names = List.copyOf(names);
    }
  }

  /** A device with a certificate of ours. */
  record Operational(X509Certificate ldevid) implements Peer {}

  /** A program or a person with a certificate of ours. */
  record Service(X509Certificate certificate) implements Peer {}

  /** Somebody who showed no certificate. */
  record Anonymous() implements Peer {}

  /** A device with a certificate of ours that has ended: good for a late renewal, if for that. */
  record Lapsed(X509Certificate ldevid) implements Peer {}

  /** A genuine device that is kept out. @param reason for it */
  record Barred(String reason) implements Peer {}

  /** A certificate that proves nothing here. @param reason for its sender */
  record Rejected(X509Certificate certificate, String reason) implements Peer {}
}
