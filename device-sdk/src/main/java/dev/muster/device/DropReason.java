/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** Why a message will not be acknowledged. */
public enum DropReason {
  /** There was no room for it. */
  FULL,
  /** It was the oldest, and room was needed. */
  MADE_ROOM,
  /** It is larger than what can be kept, or than what the broker takes. */
  TOO_LARGE,
  /** The broker has refused it. */
  REFUSED,
  /** It was on the disk, and could not be read any more. */
  DAMAGED,
  /** The device was closed. If the message is stored, the next start sends it. */
  CLOSED,
  /**
   * Nothing happened to it: it is on the disk and will be sent, but too many others are waited for.
   */
  NOT_FOLLOWED
}
