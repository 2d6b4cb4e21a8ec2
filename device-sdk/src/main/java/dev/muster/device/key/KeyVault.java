/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.key;

import java.nio.file.Path;
import java.security.KeyPair;

/**
 * A place where private keys are made and used. A private key may be a mere handle, without an
 * encoding; it signs with {@code Signature.getInstance("SHA256withECDSA")}, of which the vault has
 * told the JDK what is needed. Methods block, for as long as the place takes. Thread-safe.
 *
 * <p>Each method fails with an {@link IllegalArgumentException} if there is no such key, or it is
 * damaged: trying again is of no use; with a {@link KeyUnavailableException} if the place cannot be
 * reached now.
 */
public interface KeyVault extends AutoCloseable {
  /** The key that the vault's URI names: for a factory identity. */
  default KeyPair named() {
    throw new IllegalArgumentException("the URI names a place of keys, but none of them");
  }

  /**
   * Makes a key on P-256. When this returns, the key survives a power cut, and {@link #load} finds
   * it.
   *
   * @param folder of this key alone, there already; its name is unique for the device. What finds
   *     the key again is kept in it. If an attempt under this name was cut short before, its key is
   *     replaced. If this fails, it is left empty.
   */
  KeyPair create(Path folder);

  /** The key that {@link #create} has made for this folder. */
  KeyPair load(Path folder);

  /** Destroys the key that was made for this folder, if it is there. */
  void delete(Path folder);

  /** Lets go of the place; keys of it sign no more. */
  @Override
  void close();
}
