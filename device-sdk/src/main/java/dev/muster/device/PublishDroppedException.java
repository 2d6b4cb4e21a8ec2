/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** The device itself has given the message up; {@link #dropReason} says why. */
public final class PublishDroppedException extends PublishException {
  private static final long serialVersionUID = 1L;

  public PublishDroppedException(DropReason dropReason, String message) {
    super(dropReason, message);
  }
}
