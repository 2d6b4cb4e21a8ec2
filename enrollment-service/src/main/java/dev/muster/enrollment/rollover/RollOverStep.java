/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

/** What is to be done with the CAs. */
sealed interface RollOverStep {
  /** Make the next CA of a kind, and make it known. */
  record Prepare(String kind) implements RollOverStep {}

  /** Take a prepared CA into use. */
  record Activate(String id) implements RollOverStep {}

  /** Drop a CA whose certificates have all ended. */
  record End(String id) implements RollOverStep {}
}
