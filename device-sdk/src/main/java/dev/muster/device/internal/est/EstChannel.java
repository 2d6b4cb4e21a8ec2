/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.EnrollmentException;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.est.EstOperation;
import org.jspecify.annotations.Nullable;

/** Carries EST, whose bodies are DER here. Used by one thread; every call blocks. */
public interface EstChannel {
  /** The body; empty if a server has nothing to say to csrattrs. */
  byte[] get(EstOperation operation) throws EnrollmentException;

  /** @param request PKCS#10 */
  byte[] post(EstOperation operation, byte[] request) throws EnrollmentException;

  /**
   * When the server would like a certificate to be renewed; null if it has no opinion, as all
   * servers of CoAP, for which the draft names no resource.
   *
   * @param certificate as it is named there
   */
  default @Nullable RenewalAdvice renewalInfo(CertificateId certificate)
      throws EnrollmentException {
    return null;
  }

  /** Lets go of what was kept for the next call, which may come all the same. */
  void hangUp();

  /** From any thread: ends a call in progress, which then fails, and lets no other begin. */
  void abort();
}
