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
 */
public record IssuedCertificate(List<X509Certificate> chain, DeviceSubject subject) {
  public IssuedCertificate {
    chain = List.copyOf(chain);
  }
}
