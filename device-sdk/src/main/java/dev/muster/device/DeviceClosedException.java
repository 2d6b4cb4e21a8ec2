/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/**
 * The device was closed before the broker acknowledged the message. Whether the broker has it is
 * not known.
 */
public final class DeviceClosedException extends PublishException {
  private static final long serialVersionUID = 1L;

  public DeviceClosedException(String message) {
    super(DropReason.CLOSED, message);
  }
}
