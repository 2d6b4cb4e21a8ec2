/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.security.cert.X509Certificate;
import java.util.List;

/** The manufacturer's CA, as a station sees it: at hand, or elsewhere. */
interface ManufacturerCa {
  /** What an operator registers as the manufacturer's trust anchor. */
  X509Certificate certificate();

  /**
   * Has a request certified; may take as long as people do.
   *
   * @return the certificate, and what CAs there are between it and {@link #certificate()}
   * @throws FactoryException if the CA refuses, or its answer is not what was asked for
   */
  List<X509Certificate> certify(CertificationOrder order);

  /** Whether that is what {@link #certify} may answer. */
  boolean hasCertified(CertificationOrder order, List<X509Certificate> chain);
}
