/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A directory that appears under its name with all its files, or not at all.
 *
 * <p>It is filled beside its place, under a name that starts with a dot, flushed to disk, and then
 * renamed. rename(2) replaces an empty directory and refuses one with files in it, so that of two
 * writers one wins and neither mixes into the other's files.
 */
final class StagedDirectory implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(StagedDirectory.class);
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
  private static final FileAttribute<Set<PosixFilePermission>> READABLE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--"));

  private final Path target;
  private final Path staging;
  private boolean published;

  private StagedDirectory(Path target, Path staging) {
    this.target = target;
    this.staging = staging;
  }

  /**
   * Starts a directory that will be {@code directory}; readable by its owner alone.
   *
   * @throws FactoryException if there is something at that place, or it cannot be written
   */
  static StagedDirectory begin(Path directory) {
    Path target = directory.toAbsolutePath().normalize();
    refuseOccupied(target);
    try {
      Path parent = target.getParent();
      if (parent == null) {
        throw new FactoryException(target + ": is the root of the file system");
      }
      Files.createDirectories(parent);
      Path staging = Files.createTempDirectory(parent, "." + target.getFileName() + ".");
      return new StagedDirectory(target, staging);
    } catch (IOException e) {
      throw FactoryException.io(target, "created", e);
    }
  }

  private static void refuseOccupied(Path target) {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FactoryException(
          target + ": exists and is not a directory (expected: a new or empty directory)");
    }
    try (Stream<Path> files = Files.list(target)) {
      if (files.findAny().isPresent()) {
        throw occupied(target);
      }
    } catch (IOException e) {
      throw FactoryException.io(target, "read", e);
    }
  }

  private static FactoryException occupied(Path target) {
    return new FactoryException(
        target + ": has files in it, nothing was overwritten (expected: a new or empty directory)");
  }

  void writePublic(String name, byte[] content) {
    write(name, content, READABLE);
  }

  /** Only the owner can read it, from its first byte on. */
  void writeSecret(String name, byte[] content) {
    write(name, content, OWNER_ONLY);
  }

  private void write(
      String name, byte[] content, FileAttribute<Set<PosixFilePermission>> permissions) {
    Set<StandardOpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try (FileChannel file = FileChannel.open(staging.resolve(name), options, permissions)) {
      ByteBuffer rest = ByteBuffer.wrap(content);
      while (rest.hasRemaining()) {
        file.write(rest);
      }
      file.force(true);
    } catch (IOException e) {
      throw FactoryException.io(target.resolve(name), "written", e);
    }
  }

  /** Gives the directory its name; returns its absolute path. */
  Path publish() {
    try {
      sync(staging);
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      published = true;
      sync(target.getParent());
      return target;
    } catch (DirectoryNotEmptyException | FileAlreadyExistsException e) {
      throw occupied(target);
    } catch (IOException e) {
      throw FactoryException.io(target, "created", e);
    }
  }

  private static void sync(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Removes what was written, unless it was published. */
  @Override
  public void close() {
    if (published) {
      return;
    }
    try (Stream<Path> files = Files.list(staging)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(staging);
    } catch (IOException e) {
      log.warn("Staging directory left behind path={} reason={}", staging, e.toString());
    }
  }
}
