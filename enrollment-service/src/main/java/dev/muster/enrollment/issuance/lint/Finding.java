/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import static java.util.Objects.requireNonNull;

/**
 * Something that must not be signed as it is.
 *
 * @param rule the name of the rule that it breaks
 * @param citation where that rule is written
 * @param detail what was found, and what is expected
 */
public record Finding(String rule, String citation, String detail) {
  public Finding {
    requireNonNull(rule, "rule");
    requireNonNull(citation, "citation");
    requireNonNull(detail, "detail");
  }

  /** {@code rule: detail [citation]}. */
  @Override
  public String toString() {
    return rule + ": " + detail + " [" + citation + "]";
  }
}
