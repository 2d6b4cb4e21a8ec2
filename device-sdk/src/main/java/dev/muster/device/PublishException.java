/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static java.util.Objects.requireNonNull;

/** Why a message will not be acknowledged. */
public abstract class PublishException extends Exception {
  private static final long serialVersionUID = 1L;

  private final DropReason dropReason;

  PublishException(DropReason dropReason, String message) {
    super(message);
    this.dropReason = requireNonNull(dropReason, "dropReason");
  }

  /** The reason for programs. */
  public DropReason dropReason() {
    return dropReason;
  }
}
