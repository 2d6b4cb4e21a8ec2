/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.util.Optional;

/**
 * One demand on what we sign.
 *
 * @param name short, for logs and tests
 * @param citation the text that demands it
 * @param check what is wrong; empty if nothing is
 */
record Rule<T>(String name, String citation, Check<T> check) {
  /** Looks at one thing only, and may take for granted that the structure could be read. */
  @FunctionalInterface
  interface Check<T> {
    Optional<String> fault(T subject);
  }

  Optional<Finding> apply(T subject) {
    try {
      return check.fault(subject).map(detail -> new Finding(name, citation, detail));
    } catch (RuntimeException e) {
      // BouncyCastle's many ways to say that a structure is not what its place demands.
      return Optional.of(new Finding(name, citation, "cannot be read: " + e.getMessage()));
    }
  }
}
