/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

/** Carries a refusal from the depths of a check to its one way out, {@link CsrVerifier#verify}. */
final class CsrRefusedException extends Exception {
  private final String field;
  private final String detail;

  CsrRefusedException(String field, String detail) {
    super(detail, null, false, false);
    this.field = field;
    this.detail = detail;
  }

  CsrCheck.Refused toRefusal() {
    return new CsrCheck.Refused(field, detail);
  }
}
