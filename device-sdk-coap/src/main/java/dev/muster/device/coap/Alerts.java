/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import org.eclipse.californium.scandium.dtls.AlertMessage;
import org.eclipse.californium.scandium.dtls.HandshakeException;

/** What a server says about us while we shake hands (RFC 5246, 7.2.2). */
final class Alerts {
  private Alerts() {}

  static boolean saysExpired(Throwable failure) {
    return failure instanceof HandshakeException failed
        && failed.getAlert().getDescription() == AlertMessage.AlertDescription.CERTIFICATE_EXPIRED;
  }

  /** Whether our certificate is refused, for whatever reason. */
  static boolean refusesUs(Throwable failure) {
    return failure instanceof HandshakeException failed
        && switch (failed.getAlert().getDescription()) {
          case BAD_CERTIFICATE,
              UNSUPPORTED_CERTIFICATE,
              CERTIFICATE_REVOKED,
              CERTIFICATE_EXPIRED,
              CERTIFICATE_UNKNOWN,
              UNKNOWN_CA,
              ACCESS_DENIED -> true;
          default -> false;
        };
  }
}
