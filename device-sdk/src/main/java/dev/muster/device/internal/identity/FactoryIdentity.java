/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.key.KeyVault;
import java.net.URI;
import java.nio.file.Path;

/**
 * The IDevID, with which a device comes from its factory.
 *
 * @param vault where its key is
 */
public record FactoryIdentity(Credential credential, KeyVault vault) implements AutoCloseable {
  /** @throws IllegalArgumentException naming the file that does not hold what it should */
  public static FactoryIdentity read(Path key, Path chain) {
    return new FactoryIdentity(Credential.read(key, chain), new FileKeys());
  }

  /**
   * Of a key that is not in a file.
   *
   * @throws IllegalArgumentException naming what is wrong with the URI, or the file that does not
   *     hold what it should
   */
  public static FactoryIdentity open(URI key, Path chain) {
    KeyVault vault = KeyPlaces.open(key);
    try {
      return new FactoryIdentity(Credential.of(key, vault.named(), chain), vault);
    } catch (RuntimeException e) {
      vault.close();
      throw e;
    }
  }

  @Override
  public void close() {
    vault.close();
  }
}
