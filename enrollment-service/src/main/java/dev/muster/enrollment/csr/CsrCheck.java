/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

/** What came of looking at a certification request. */
public sealed interface CsrCheck {
  /** Well-formed, and signed by the key it names. */
  record Accepted(VerifiedCsr csr) implements CsrCheck {}

  /**
   * Not to be certified.
   *
   * @param field what is wrong in it
   * @param detail for the sender: what was found, what is expected
   */
  record Refused(String field, String detail) implements CsrCheck {
    /** {@code field: detail}. */
    public String message() {
      return field + ": " + detail;
    }
  }
}
