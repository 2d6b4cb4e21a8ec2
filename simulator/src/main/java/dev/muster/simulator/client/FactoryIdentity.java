/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * The files of an IDevID.
 *
 * @param key the private key, PKCS#8 PEM
 * @param chain the certificate first, then those that issued it, PEM
 */
public record FactoryIdentity(Path key, Path chain) {
  public FactoryIdentity {
    requireNonNull(key, "key");
    requireNonNull(chain, "chain");
  }
}
