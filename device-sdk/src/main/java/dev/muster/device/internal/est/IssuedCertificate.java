/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.protocol.identity.DeviceSubject;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A certificate as received, checked.
 *
 * @param chain leaf first, without the root
 * @param authorities what the server has published as its CAs
 */
public record IssuedCertificate(
    List<X509Certificate> chain, DeviceSubject subject, List<X509Certificate> authorities) {
  public IssuedCertificate {
    chain = List.copyOf(chain);
    authorities = List.copyOf(authorities);
  }
}
