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
import java.util.List;
import java.util.Set;

/**
 * Which serial numbers a factory has given, and to which keys: a line each, only ever added to.
 * Lines of old have no key.
 */
final class Ledger {
  static final String FILE = "issued.txt";

  private final Path file;

  Ledger(Path directory) {
    this.file = directory.resolve(FILE);
  }

  /** Notes a serial number with a key that is new; it is on the disk when this returns. */
  void add(String serial, String key) {
    change(channel -> write(channel, serial + " " + key + "\n"));
  }

  /**
   * As {@link #add}, of a key that may have been there before.
   *
   * @throws FactoryException if it is noted with another serial number
   */
  void addUnlessOthers(String serial, String key) {
    change(channel -> {
      for (String line : lines()) {
        if (line.endsWith(" " + key) && !serial(line).equals(serial)) {
          throw new FactoryException("serial " + serial + ": its key is that of " + serial(line)
              + " already (expected: another device, or another handle or label for the key)");
        }
      }
      write(channel, serial + " " + key + "\n");
    });
  }

  private interface Change {
    void to(FileChannel channel) throws IOException;
  }

  private void change(Change change) {
    // The lock holds back other processes, the monitor this one, which may have only one lock.
    synchronized (Ledger.class) {
      try (FileChannel channel = FileChannel.open(
              file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        change.to((FileChannel) lock.acquiredBy());
      } catch (IOException e) {
        throw FactoryException.io(file, "written", e);
      }
    }
  }

  private static void write(FileChannel channel, String line) throws IOException {
    long size = channel.size();
    // What a power cut has left of a line is none, and makes none of the next.
    String text = endsWithALine(channel, size) ? line : "\n" + line;
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    channel.position(size);
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(true);
  }

  private static boolean endsWithALine(FileChannel channel, long size) throws IOException {
    ByteBuffer last = ByteBuffer.allocate(1);
    return size == 0 || channel.read(last, size - 1) == 1 && last.get(0) == '\n';
  }

  /** In the order in which they were first given. */
  Set<String> serials() {
    Set<String> serials = new LinkedHashSet<>();
    try {
      lines().forEach(line -> serials.add(serial(line)));
    } catch (IOException e) {
      throw FactoryException.io(file, "read", e);
    }
    return serials;
  }

  private List<String> lines() throws IOException {
    return Files.exists(file) ? Files.readAllLines(file, StandardCharsets.US_ASCII) : List.of();
  }

  private static String serial(String line) {
    return line.split(" ", 2)[0];
  }
}
