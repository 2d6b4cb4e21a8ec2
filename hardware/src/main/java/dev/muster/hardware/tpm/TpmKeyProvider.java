/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import java.net.URI;

/**
 * Keys in a TPM 2.0, for the URIs {@code tpm:/dev/tpmrm0} and {@code tpm:tcp://HOST:PORT}. Named
 * keys stand at a handle in the TPM ({@code ?handle=0x81020000}), or in a file that this TPM alone
 * can use ({@code ?file=...}); others are such files, each in the folder of its key.
 */
public final class TpmKeyProvider implements KeyProvider {
  @Override
  public String scheme() {
    return "tpm";
  }

  @Override
  public KeyVault open(URI uri) {
    return new TpmVault(TpmPlace.parse(uri));
  }
}
