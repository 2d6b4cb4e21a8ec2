/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import dev.muster.device.key.KeyProvider;
import dev.muster.device.key.KeyVault;
import java.net.URI;

/**
 * Keys in a PKCS#11 token, for URIs by RFC 7512:
 * {@code pkcs11:token=...;object=...?module-path=/...&pin-source=/...}. Of keys that are made for
 * folders, {@code object} is the first part of the label, before the folder's name.
 */
public final class Pkcs11KeyProvider implements KeyProvider {
  @Override
  public String scheme() {
    return "pkcs11";
  }

  @Override
  public KeyVault open(URI uri) {
    return new Pkcs11Vault(Pkcs11Uri.parse(uri));
  }
}
