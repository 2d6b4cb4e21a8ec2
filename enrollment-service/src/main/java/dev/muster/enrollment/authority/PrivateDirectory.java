/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.protocol.file.StagedDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A {@link StagedDirectory} whose failures are worded for a user. */
final class PrivateDirectory {
  private PrivateDirectory() {}

  /**
   * Writes a directory that is not there yet.
   *
   * @throws UncheckedIOException with a message fit for a user
   */
  static void create(Path target, StagedDirectory.Contents contents) {
    Path absolute = target.toAbsolutePath().normalize();
    try {
      if (Files.exists(absolute)) {
        throw new FileAlreadyExistsException(absolute.toString(), null, "already there");
      }
      StagedDirectory.create(absolute, contents);
    } catch (IOException e) {
      throw worded(absolute, e);
    }
  }

  /**
   * Writes a directory in the place of one that may be there.
   *
   * @throws UncheckedIOException with a message fit for a user
   */
  static void replace(Path target, StagedDirectory.Contents contents) {
    Path absolute = target.toAbsolutePath().normalize();
    try {
      StagedDirectory.replace(absolute, contents);
    } catch (IOException e) {
      throw worded(absolute, e);
    }
  }

  /** Takes up what a crash in {@link #replace} has left. @throws UncheckedIOException as there */
  static void recover(Path target) {
    try {
      StagedDirectory.recover(target);
    } catch (IOException e) {
      throw worded(target, e);
    }
  }

  private static UncheckedIOException worded(Path target, IOException e) {
    String problem = e instanceof FileSystemException failure
        ? reason(failure) + " (expected: a new directory below a writable one)"
        : String.valueOf(e.getMessage());
    return new UncheckedIOException(target + ": cannot be written: " + problem, e);
  }

  private static String reason(FileSystemException e) {
    String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
    return e.getFile() == null ? reason : e.getFile() + ": " + reason;
  }
}
