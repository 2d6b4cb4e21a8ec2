/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import java.nio.file.Path;

/**
 * A file that identities hang on is missing, cannot be read, or does not fit the others. It is
 * never made anew in silence: the certificates of a whole fleet would become worthless.
 */
public final class DamagedFileException extends RuntimeException {
  private final transient Path file;

  DamagedFileException(Path file, String problem, String remedy) {
    super(file + ": " + problem + " (" + remedy + ")");
    this.file = file;
  }

  DamagedFileException(Path file, String problem, String remedy, Throwable cause) {
    super(file + ": " + problem + " (" + remedy + ")", cause);
    this.file = file;
  }

  /** The file in question. */
  public Path file() {
    return file;
  }
}
