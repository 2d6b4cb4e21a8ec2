/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import dev.muster.app.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a second process from running the same service on the same data. Given back by the system
 * after a kill.
 */
final class DataLock implements AutoCloseable {
  private final List<FileChannel> held = new ArrayList<>();

  private DataLock() {}

  static DataLock acquire(Path data, Set<Backend.Role> roles) {
    DataLock lock = new DataLock();
    for (Backend.Role role : roles) {
      Path file = data.resolve(role.name().toLowerCase(Locale.ROOT) + ".lock");
      try {
        FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock.held.add(channel);
        if (tryLock(channel) == null) {
          lock.close();
          throw new UserError(
              "data directory: " + data + " is in use by another muster process",
              "stop that one, or choose another directory with --data");
        }
      } catch (IOException e) {
        lock.close();
        throw new UserError(
            file + ": cannot be written (" + e.getMessage() + ")", "choose another with --data");
      }
    }
    return lock;
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // Held by this very process.
    }
  }

  @Override
  public void close() {
    for (FileChannel channel : held) {
      try {
        channel.close();
      } catch (IOException e) {
        // Closing gives the lock back in any case.
      }
    }
  }
}
