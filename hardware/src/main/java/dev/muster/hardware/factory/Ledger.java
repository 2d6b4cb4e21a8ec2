/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashSet;
import java.util.Set;

/** Which serial numbers a factory has given: a line each, only ever added to. */
final class Ledger {
  static final String FILE = "issued.txt";

  private final Path file;

  Ledger(Path directory) {
    this.file = directory.resolve(FILE);
  }

  /** Notes a serial number; it is on the disk when this returns. */
  void add(String serial) {
    // The lock holds back other processes, the monitor this one, which may have only one lock.
    synchronized (Ledger.class) {
      try (FileChannel channel = FileChannel.open(
              file,
              StandardOpenOption.CREATE,
              StandardOpenOption.WRITE,
              StandardOpenOption.APPEND);
          FileLock lock = channel.lock()) {
        write(lock, serial + "\n");
      } catch (IOException e) {
        throw FactoryException.io(file, "written", e);
      }
    }
  }

  private static void write(FileLock lock, String line) throws IOException {
    FileChannel channel = (FileChannel) lock.acquiredBy();
    ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(true);
  }

  /** In the order in which they were first given. */
  Set<String> serials() {
    try {
      return Files.exists(file)
          ? new LinkedHashSet<>(Files.readAllLines(file, StandardCharsets.US_ASCII))
          : Set.of();
    } catch (IOException e) {
      throw FactoryException.io(file, "read", e);
    }
  }
}
