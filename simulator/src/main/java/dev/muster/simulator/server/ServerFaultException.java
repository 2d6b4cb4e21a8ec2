/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.server;

/** What a scenario wanted to be done to a server could not be done; the message says what. */
public final class ServerFaultException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ServerFaultException(String message) {
    super(message);
  }
}
