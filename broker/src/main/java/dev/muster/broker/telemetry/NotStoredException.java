/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

/** A message was not stored, or it is not known whether it was; the device is to send it again. */
public final class NotStoredException extends Exception {
  NotStoredException(String message) {
    super(message, null, false, false);
  }
}
