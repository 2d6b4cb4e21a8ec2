/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import org.jspecify.annotations.Nullable;

/**
 * The server answered with something that is not EST, or with a certificate that this device cannot
 * use: worth a report to whoever runs the server. The device asks again, rarely.
 */
public final class ServerProtocolException extends EnrollmentException {
  private static final long serialVersionUID = 1L;

  public ServerProtocolException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
