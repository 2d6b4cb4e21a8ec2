/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware;

import dev.muster.device.key.KeyVault;
import java.security.KeyPair;

/** A place of keys in which a factory makes the key of a factory identity. */
public interface FactoryVault extends KeyVault {
  /**
   * The key that the vault's URI names; made if it is not there, so that work cut short goes on.
   *
   * @throws IllegalArgumentException if the URI names none, or what is there is no such key
   * @throws dev.muster.device.key.KeyUnavailableException if the place does not answer, or makes no
   *     keys now
   */
  KeyPair namedOrNew();
}
