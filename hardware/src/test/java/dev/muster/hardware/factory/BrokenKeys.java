/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.FactoryVault;
import dev.muster.testing.TestPki;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.PrivateKey;
import org.jspecify.annotations.Nullable;

/** Hardware with defects, which the key's URI names. */
public final class BrokenKeys implements KeyProvider {
  @Override
  public String scheme() {
    return "broken";
  }

  @Override
  public KeyVault open(URI place) {
    return new Vault(place.getSchemeSpecificPart());
  }

  private record Vault(String defect) implements FactoryVault {
    @Override
    public KeyPair namedOrNew() {
      return switch (defect) {
        case "key-of-another" ->
          new KeyPair(TestPki.newKey().getPublic(), TestPki.newKey().getPrivate());
        case "mute" -> new KeyPair(TestPki.newKey().getPublic(), new Mute());
        default -> throw new KeyUnavailableException("the chip is away", null);
      };
    }

    @Override
    public KeyPair create(Path folder) {
      throw new UnsupportedOperationException();
    }

    @Override
    public KeyPair load(Path folder) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void delete(Path folder) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  /** A key that no provider can sign with. */
  private static final class Mute implements PrivateKey {
    private static final long serialVersionUID = 1L;

    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public @Nullable String getFormat() {
      return null;
    }

    @Override
    public byte @Nullable [] getEncoded() {
      return null;
    }
  }
}
