/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.device.internal.log.DeviceLogger;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;

/**
 * Keeps a state directory for one device: a lock on a file keeps other processes out.
 *
 * <p>POSIX takes all of a process's locks on a file away when it closes the file once, however it
 * was opened. So a second device of this process must not even open it.
 */
final class StateLock implements AutoCloseable {
  private static final Logger LOG = DeviceLogger.of(StateLock.class);

  /** What devices of this process use. */
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  private final Path directory;
  private final FileChannel file;

  private StateLock(Path directory, FileChannel file) {
    this.directory = directory;
    this.file = file;
  }

  /** @throws IllegalStateException if another device uses the directory */
  static StateLock take(Path stateDirectory) throws IOException {
    Path directory = stateDirectory.toRealPath();
    if (!IN_USE.add(directory)) {
      throw inUse(stateDirectory);
    }
    try {
      return lock(directory, stateDirectory);
    } catch (IOException | RuntimeException e) {
      IN_USE.remove(directory);
      throw e;
    }
  }

  private static StateLock lock(Path directory, Path named) throws IOException {
    FileChannel file = FileChannel.open(
        directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (file.tryLock() != null) {
        return new StateLock(directory, file);
      }
    } catch (OverlappingFileLockException e) {
      LOG.debug(
          "State directory locked by another copy of the SDK in this process folder={}", named);
    }
    file.close();
    throw inUse(named);
  }

  private static IllegalStateException inUse(Path directory) {
    return new IllegalStateException(
        "state directory: " + directory + " is in use (expected: one per device)");
  }

  @Override
  public void close() throws IOException {
    if (file.isOpen()) {
      try {
        file.close();
      } finally {
        IN_USE.remove(directory); // Last: whoever comes next opens the file.
      }
    }
  }
}
