/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;

/**
 * Where the registry is kept.
 *
 * @param directory of the embedded database; made if it is not there
 */
public record StorageConfig(Path directory) {
  public StorageConfig {
    requireNonNull(directory, "directory");
  }
}
