/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;

/** A CA whose key is at the station. */
record LocalCa(X509Certificate certificate, PrivateKey key, Clock clock) implements ManufacturerCa {
  @Override
  public List<X509Certificate> certify(CertificationOrder order) {
    return List.of(
        switch (order.purpose()) {
          case IDEVID ->
            FactoryCertificates.idevid(order.key(), order.name(), certificate, key, clock);
          case MANIFEST -> FactoryCertificates.station(order.key(), certificate, key, clock);
          case PROOF ->
            FactoryCertificates.proof(order.key(), order.name(), certificate, key, clock);
        });
  }

  @Override
  public boolean hasCertified(CertificationOrder order, List<X509Certificate> chain) {
    X509Certificate found = chain.get(0);
    return found.getPublicKey().equals(order.key())
        && FactoryCertificates.isOf(found, order.name(), certificate);
  }

  @Override
  public String toString() {
    return "LocalCa[" + certificate.getSubjectX500Principal() + "]";
  }
}
