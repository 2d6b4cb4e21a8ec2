/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import java.security.KeyPair;

/** A key that is on disk and waits for its certificate. */
public record PendingKey(int number, KeyPair keys) {
  @Override
  public String toString() {
    return "PendingKey[" + number + "]";
  }
}
