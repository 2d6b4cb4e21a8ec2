/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What a device's folder held at one moment, whatever was written to it later. It is kept beside
 * the folder until it is put back.
 */
final class DiskImage implements AutoCloseable {
  private static final int ATTEMPTS = 100;

  private record Stamp(long bytes, FileTime changed) {}

  private final Path folder;
  private final Path image;

  private DiskImage(Path folder, Path image) {
    this.folder = folder;
    this.image = image;
  }

  /**
   * Takes it, also while somebody writes: again, until nothing has changed meanwhile. Else it might
   * have a later file, and not yet what was written to another one before that.
   *
   * @throws IOException if it cannot be read, or changes all the time
   */
  static DiskImage of(Path folder) throws IOException {
    DiskImage taken = new DiskImage(folder, beside(folder, ".image"));
    for (int i = 0; i < ATTEMPTS; i++) {
      delete(taken.image);
      if (taken.copied()) {
        return taken;
      }
    }
    taken.close();
    throw new IOException(folder + ": changed whenever it was copied");
  }

  private static Path beside(Path folder, String suffix) {
    return folder.resolveSibling(requireNonNull(folder.getFileName()) + suffix);
  }

  private boolean copied() throws IOException {
    try {
      Map<Path, Stamp> before = stamps();
      for (Path path : before.keySet()) {
        Files.copy(
            path, image.resolve(folder.relativize(path)), StandardCopyOption.COPY_ATTRIBUTES);
      }
      return before.equals(stamps());
    } catch (NoSuchFileException e) {
      return false;
    } catch (UncheckedIOException e) {
      if (e.getCause() instanceof NoSuchFileException) {
        return false;
      }
      throw e.getCause();
    }
  }

  /** Folders before what is in them. */
  private Map<Path, Stamp> stamps() throws IOException {
    Map<Path, Stamp> stamps = new TreeMap<>();
    for (Path path : all(folder)) {
      stamps.put(path, new Stamp(Files.size(path), Files.getLastModifiedTime(path)));
    }
    return stamps;
  }

  private static List<Path> all(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.toList();
    }
  }

  /** The folder is as it was; nobody may use it meanwhile. */
  void putBack() throws IOException {
    Path gone = beside(folder, ".gone");
    delete(gone);
    // Nothing is deleted before the image has taken its place.
    Files.move(folder, gone);
    Files.move(image, folder);
    delete(gone);
  }

  private static void delete(Path folder) throws IOException {
    if (Files.exists(folder)) {
      for (Path path : all(folder).stream().sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  /** Forgets what was not put back. */
  @Override
  public void close() throws IOException {
    delete(image);
  }
}
