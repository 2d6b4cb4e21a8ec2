/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** The broker refused a message for good; sending it again would not help. */
public final class PublishRefusedException extends PublishException {
  private static final long serialVersionUID = 1L;

  private final int reason;

  /** @param reason the reason code of the PUBACK (MQTT 5, 3.4.2.1), 0x80 or above */
  public PublishRefusedException(int reason, String detail) {
    super(DropReason.REFUSED, "the broker refused the message: " + detail);
    this.reason = reason;
  }

  /** The MQTT 5 reason code, for example 0x87: not authorized. */
  public int reason() {
    return reason;
  }
}
