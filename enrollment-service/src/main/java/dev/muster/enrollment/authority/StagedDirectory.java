/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Writes the files of a directory aside, flushes them, and puts the directory in place with one
 * rename: whoever looks sees all of it or nothing.
 */
final class StagedDirectory {
  private static final FileAttribute<?> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<?> OWNER_ONLY_DIRECTORY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path target;
  private final Path staging;

  private StagedDirectory(Path target, Path staging) {
    this.target = target;
    this.staging = staging;
  }

  interface Contents {
    void writeTo(StagedDirectory directory) throws IOException;
  }

  /**
   * Writes a directory that is not there yet.
   *
   * @throws UncheckedIOException with a message fit for a user
   */
  static void create(Path target, Contents contents) {
    write(target, false, contents);
  }

  /**
   * Writes a directory in the place of one that may be there.
   *
   * @throws UncheckedIOException with a message fit for a user
   */
  static void replace(Path target, Contents contents) {
    write(target, true, contents);
  }

  private static void write(Path target, boolean replace, Contents contents) {
    Path absolute = target.toAbsolutePath().normalize();
    try {
      if (!replace && Files.exists(absolute)) {
        throw new FileAlreadyExistsException(absolute.toString(), null, "already there");
      }
      Files.createDirectories(absolute.getParent());
      Path staging = Files.createTempDirectory(
          absolute.getParent(), "." + absolute.getFileName() + ".new-", OWNER_ONLY_DIRECTORY);
      StagedDirectory directory = new StagedDirectory(absolute, staging);
      try {
        contents.writeTo(directory);
        directory.putInPlace();
      } finally {
        delete(staging);
      }
    } catch (FileSystemException e) {
      throw new UncheckedIOException(
          absolute + ": cannot be written: " + reason(e)
              + " (expected: a new directory below a writable one)",
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(absolute + ": cannot be written: " + e.getMessage(), e);
    }
  }

  private static String reason(FileSystemException e) {
    String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
    return e.getFile() == null ? reason : e.getFile() + ": " + reason;
  }

  /** Writes a file that only the owner may read (0600), down to the disk. */
  void file(String name, byte[] contents) throws IOException {
    try (FileChannel channel = FileChannel.open(
        staging.resolve(name),
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        OWNER_ONLY)) {
      ByteBuffer buffer = ByteBuffer.wrap(contents);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      channel.force(true);
    }
  }

  private void putInPlace() throws IOException {
    flush(staging);
    Path old = staging.resolveSibling(staging.getFileName() + ".old");
    boolean replaced = Files.exists(target);
    if (replaced) {
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    flush(target.getParent());
    if (replaced) {
      delete(old);
    }
  }

  /** A rename is on disk only when the directory that holds the name is. */
  private static void flush(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void delete(Path directory) throws IOException {
    if (!Files.exists(directory)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> stream = Files.list(directory)) {
      files = stream.toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(directory);
  }
}
