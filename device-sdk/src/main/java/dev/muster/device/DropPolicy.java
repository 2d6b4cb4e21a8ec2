/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** What goes when there is no room for a message. */
public enum DropPolicy {
  /** The oldest messages, a block of the disk at a time: what is new matters more. */
  OLDEST,
  /** The message that is new: what was stored stays stored. */
  NEWEST
}
