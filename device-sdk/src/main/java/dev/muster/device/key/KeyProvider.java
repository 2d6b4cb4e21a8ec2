/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.key;

import java.net.URI;

/**
 * Knows one kind of place for private keys, by the scheme of its URIs: {@code tpm:},
 * {@code pkcs11:}. The SDK finds it with {@link java.util.ServiceLoader}, and knows files
 * ({@code file:}) by itself.
 */
public interface KeyProvider {
  /** In lower case, without the colon. */
  String scheme();

  /**
   * Names a place of keys. Connects to nothing yet.
   *
   * @param uri of this scheme: the place, and perhaps one key in it
   * @throws IllegalArgumentException telling what is wrong with the URI, and what is expected
   */
  KeyVault open(URI uri);
}
