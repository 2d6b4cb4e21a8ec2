/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import java.security.KeyPair;

/**
 * A key that is on disk and waits for its certificate.
 *
 * @param isOld whether it has waited since an earlier start, of whose requests nothing is known
 */
public record PendingKey(int number, KeyPair keys, boolean isOld) {
  @Override
  public String toString() {
    return "PendingKey[" + number + "]";
  }
}
