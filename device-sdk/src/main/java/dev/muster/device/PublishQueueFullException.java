/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** Too much waits for the broker already; this message was not taken, and is lost. */
public final class PublishQueueFullException extends PublishException {
  private static final long serialVersionUID = 1L;

  public PublishQueueFullException(String message) {
    super(DropReason.FULL, message);
  }
}
