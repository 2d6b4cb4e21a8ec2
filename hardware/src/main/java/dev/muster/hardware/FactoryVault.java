/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import java.net.URI;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.ServiceLoader;

/** A place of keys in which a factory makes the key of a factory identity. */
public interface FactoryVault extends KeyVault {
  /**
   * The place that a URI names; connects to nothing yet.
   *
   * @throws IllegalArgumentException if the URI names no hardware that is known
   */
  static FactoryVault open(URI key) {
    for (KeyProvider provider : ServiceLoader.load(KeyProvider.class)) {
      if (provider.scheme().equalsIgnoreCase(key.getScheme())
          && provider.open(key) instanceof FactoryVault vault) {
        return vault;
      }
    }
    throw new IllegalArgumentException(
        "key: " + key + " (expected: tpm:/dev/tpmrm0?handle=0x81020000, or pkcs11:token=...)");
  }

  /**
   * The key that the vault's URI names; made if it is not there, so that work cut short goes on.
   *
   * @throws IllegalArgumentException if the URI names none, or what is there is no such key
   * @throws dev.muster.device.key.KeyUnavailableException if the place does not answer, or makes no
   *     keys now
   */
  KeyPair namedOrNew();

  /**
   * Proves that the named key is in genuine hardware: its maker has certified it, and it answers a
   * challenge that only this hardware with this key in it can.
   *
   * @param key what the named key's public half is taken for
   * @param makers whose hardware is welcome: the CAs right above their certificates
   * @return the hardware's own certificate
   * @throws IllegalArgumentException if it is not proven, or this kind of hardware has no proof
   * @throws dev.muster.device.key.KeyUnavailableException if the hardware does not answer
   */
  default X509Certificate proveGenuine(PublicKey key, List<X509Certificate> makers, Instant now) {
    throw new IllegalArgumentException("only a TPM proves that it is genuine");
  }
}
