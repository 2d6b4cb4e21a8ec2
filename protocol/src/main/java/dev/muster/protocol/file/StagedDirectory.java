/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * A directory that appears under its name with all its files, or not at all.
 *
 * <p>It is filled beside its place, under a name that starts with a dot, flushed to disk, and then
 * renamed. Only its owner enters it. Blocks; used by one thread.
 */
public final class StagedDirectory {
  private final Path staging;

  private StagedDirectory(Path staging) {
    this.staging = staging;
  }

  /** Writes the files that the directory shall have. */
  @FunctionalInterface
  public interface Contents {
    void writeTo(StagedDirectory directory) throws IOException;
  }

  /**
   * Makes a directory, and its parents.
   *
   * <p>rename(2) replaces an empty directory and refuses one with files in it, so that of two
   * writers one wins and neither mixes into the other's files.
   *
   * @param target not there, or empty
   * @return its absolute path
   * @throws IOException if there is something, or it cannot be written; then nothing was changed
   */
  public static Path create(Path target, Contents contents) throws IOException {
    return write(target, contents, false);
  }

  /**
   * Makes a directory in the place of one that may be there.
   *
   * @return its absolute path
   * @throws IOException if it cannot be written
   */
  public static Path replace(Path target, Contents contents) throws IOException {
    return write(target, contents, true);
  }

  private static Path write(Path target, Contents contents, boolean replace) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path parent = absolute.getParent();
    if (parent == null) {
      throw new IOException(absolute + ": is the root of the file system");
    }
    Files.createDirectories(parent);
    Path staging = Files.createTempDirectory(
        parent,
        "." + absolute.getFileName() + ".new-",
        DurableFiles.permissions(parent, "rwx------"));
    try {
      contents.writeTo(new StagedDirectory(staging));
      DurableFiles.flushFolder(staging);
      putInPlace(staging, absolute, replace && Files.exists(absolute));
    } catch (IOException | RuntimeException e) {
      try {
        delete(staging);
      } catch (IOException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
    return absolute;
  }

  /** Writes a file that only its owner reads, down to the disk. */
  public void write(String name, byte[] content) throws IOException {
    DurableFiles.writeNew(staging.resolve(name), content, DurableFiles.OWNER_ONLY);
  }

  /** As {@link #write(String, byte[])}, in UTF-8. */
  public void write(String name, String content) throws IOException {
    write(name, content.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a file that all may read, in UTF-8, down to the disk. */
  public void writePublic(String name, String content) throws IOException {
    DurableFiles.writeNew(
        staging.resolve(name), content.getBytes(StandardCharsets.UTF_8), DurableFiles.READABLE);
  }

  private static void putInPlace(Path staging, Path target, boolean replaced) throws IOException {
    Path old = previous(target);
    if (replaced) {
      delete(old);
      Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    }
    Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    DurableFiles.flushFolder(target.getParent());
    if (replaced) {
      delete(old);
    }
  }

  /**
   * Undoes a {@link #replace} that a crash has cut short between taking the old directory away and
   * putting the new one in its place: the old one is there again. Does nothing else.
   *
   * @throws IOException if it cannot be moved back
   */
  public static void recover(Path target) throws IOException {
    Path absolute = target.toAbsolutePath().normalize();
    Path old = previous(absolute);
    if (!Files.exists(absolute) && Files.exists(old)) {
      Files.move(old, absolute, StandardCopyOption.ATOMIC_MOVE);
      DurableFiles.flushFolder(absolute.getParent());
    }
  }

  /** Where {@link #replace} keeps the old directory while it puts the new one in its place. */
  private static Path previous(Path target) {
    return target.resolveSibling("." + target.getFileName() + ".old");
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
