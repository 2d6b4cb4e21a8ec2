/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedRegistryTest extends RegistryContract {
  @TempDir
  Path folder;

  private @Nullable Registry only;

  @Override
  Registry open() {
    if (only == null) {
      only = Registry.open(new StorageConfig(folder.resolve("db")));
    }
    return only;
  }
}
