/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/**
 * Files that are either as before or as wanted after a power cut. Every method blocks until that is
 * so. Where the file system knows no POSIX permissions (Windows), the directory's own apply.
 */
public final class DurableFiles {
  static final String OWNER_ONLY = "rw-------";
  static final String READABLE = "rw-r--r--";

  private DurableFiles() {}

  /**
   * Makes or replaces a file that only its owner reads, from its first byte on: written beside its
   * place as {@code <name>.new}, flushed, renamed, and the folder flushed, in this order. Without
   * the last step the name may be lost though the bytes are kept.
   *
   * @param file its folder must be there
   */
  public static void write(Path file, byte[] content) throws IOException {
    replace(file, content, OWNER_ONLY);
  }

  /** As {@link #write(Path, byte[])}, in UTF-8. */
  public static void write(Path file, String content) throws IOException {
    write(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /** As {@link #write(Path, byte[])}, but readable by all: for what is meant to be handed on. */
  public static void writePublic(Path file, byte[] content) throws IOException {
    replace(file, content, READABLE);
  }

  /** As {@link #writePublic(Path, byte[])}, in UTF-8. */
  public static void writePublic(Path file, String content) throws IOException {
    writePublic(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Makes a folder that only its owner enters, and its parents likewise; each is flushed into the
   * one above it. Nothing happens if it is there.
   */
  public static void createFolder(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null && !Files.isDirectory(folder)) {
      createFolder(parent);
      // Not createDirectory: others may make the same parent at this moment.
      Files.createDirectories(folder, permissions(folder, "rwx------"));
      flushFolder(parent);
    }
  }

  /** A name made, changed or removed is on disk only when the folder that holds it is. */
  public static void flushFolder(Path folder) throws IOException {
    if (!hasPermissions(folder)) {
      return; // Windows neither can nor needs to open a folder for this.
    }
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void replace(Path file, byte[] content, String permissions) throws IOException {
    Path absolute = file.toAbsolutePath();
    Path beside = absolute.resolveSibling(absolute.getFileName() + ".new");
    Files.deleteIfExists(beside);
    writeNew(beside, content, permissions);
    Files.move(
        beside, absolute, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    flushFolder(absolute.getParent());
  }

  /** Writes a file that is not there yet; its name is not flushed. */
  static void writeNew(Path file, byte[] content, String permissions) throws IOException {
    try (FileChannel channel = FileChannel.open(
        file,
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
        permissions(file, permissions))) {
      ByteBuffer rest = ByteBuffer.wrap(content);
      while (rest.hasRemaining()) {
        channel.write(rest);
      }
      if (hasPermissions(file)) {
        // The umask may have taken away what was asked for.
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
      }
      channel.force(true);
    }
  }

  static FileAttribute<?>[] permissions(Path path, String permissions) {
    return hasPermissions(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean hasPermissions(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
