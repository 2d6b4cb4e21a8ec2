/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.twin;

/** What became of a change. */
public sealed interface TwinOutcome {
  /** @param changed false: it was so already, and nothing was written */
  record Kept(Twin twin, boolean changed) implements TwinOutcome {}

  /** Made for another version. @param twin as it is */
  record Stale(Twin twin, String detail) implements TwinOutcome {}

  /** Never to be kept. */
  record Refused(String detail) implements TwinOutcome {}
}
