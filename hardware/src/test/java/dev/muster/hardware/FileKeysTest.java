/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware;

import java.net.URI;

/** The SDK's own keys in files. */
class FileKeysTest extends KeyVaultContract {
  @Override
  protected URI place() {
    return URI.create("file:identity");
  }

  @Override
  protected boolean keepsItsKeys() {
    return false;
  }
}
