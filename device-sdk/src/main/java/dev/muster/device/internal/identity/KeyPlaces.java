/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import java.net.URI;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;

/** From a URI to the place of keys that it names. */
public final class KeyPlaces {
  /** Keys in the state directory, beside their certificates. */
  public static final URI FILES = URI.create("file:identity");

  private KeyPlaces() {}

  /**
   * Opens a place of keys, without connecting to it.
   *
   * @throws IllegalArgumentException if nothing on the class path knows the URI's scheme, or what
   *     does finds it wrong
   */
  public static KeyVault open(URI uri) {
    if (uri.equals(FILES)) {
      return new FileKeys();
    }
    Set<String> known = new TreeSet<>(Set.of(FILES.toString()));
    String scheme = String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT);
    for (KeyProvider provider : ServiceLoader.load(KeyProvider.class)) {
      if (provider.scheme().equals(scheme)) {
        return provider.open(uri);
      }
      known.add(provider.scheme() + ":");
    }
    throw new IllegalArgumentException("keys: " + uri + " (expected: one of " + known
        + "; tpm: and pkcs11: come with the library muster-hardware)");
  }
}
