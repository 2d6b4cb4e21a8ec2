/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

/** Why a message was not acknowledged. Futures of {@link Telemetry} fail with a subclass of it. */
public abstract class PublishException extends Exception {
  private static final long serialVersionUID = 1L;

  PublishException(String message) {
    super(message);
  }
}
