/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

/** The CA cannot sign: its key is out of reach, or its own certificate has run out. */
public final class IssuanceException extends RuntimeException {
  public IssuanceException(String message) {
    super(message);
  }

  public IssuanceException(String message, Throwable cause) {
    super(message, cause);
  }
}
