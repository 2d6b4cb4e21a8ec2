/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.coap.Diagnostics;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;

/** A request that is not to be done; never leaves this package. */
final class RefusedException extends Exception {
  private final ResponseCode code;

  /** @param detail for the device */
  RefusedException(ResponseCode code, String detail) {
    super(detail, null, false, false);
    this.code = code;
  }

  Response response() {
    return Diagnostics.of(code, String.valueOf(getMessage()));
  }
}
