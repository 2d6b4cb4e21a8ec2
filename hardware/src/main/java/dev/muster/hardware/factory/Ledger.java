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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Which serial numbers a factory has given, and to which keys: a line each, only ever added to.
 * Lines of old have no key; what a power cut has left of a line is none.
 *
 * <p>POSIX takes all of a process's locks on a file away when it closes the file once, however it
 * was opened. So what is read under the lock is read through the channel that holds it, and nothing
 * in this process opens the file meanwhile.
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
      refuseOthers(lines(bytes(channel)), serial, key);
      write(channel, serial + " " + key + "\n");
    });
  }

  /**
   * Notes nothing yet.
   *
   * @throws FactoryException if the key is noted with another serial number
   */
  void refuseOthers(String serial, String key) {
    refuseOthers(lines(), serial, key);
  }

  private static void refuseOthers(List<String> lines, String serial, String key) {
    for (String line : lines) {
      if (line.endsWith(" " + key) && !serial(line).equals(serial)) {
        throw new FactoryException("serial " + serial + ": its key is that of " + serial(line)
            + " already (expected: another device, or another handle or label for the key)");
      }
    }
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
    ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
    channel.truncate(endOfLines(channel));
    channel.position(channel.size());
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(true);
  }

  /** Looks from the end: there is at most one line that is torn. */
  private static long endOfLines(FileChannel channel) throws IOException {
    long end = channel.size();
    ByteBuffer last = ByteBuffer.allocate(1);
    while (end > 0 && (channel.read(last.clear(), end - 1) != 1 || last.get(0) != '\n')) {
      end--;
    }
    return end;
  }

  private static ByteBuffer bytes(FileChannel channel) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(channel.size()));
    while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
      // There is more of it.
    }
    return bytes.flip();
  }

  private static List<String> lines(ByteBuffer bytes) throws IOException {
    int end = bytes.limit();
    while (end > 0 && bytes.get(end - 1) != '\n') {
      end--; // Torn, and perhaps no text.
    }
    return StandardCharsets.US_ASCII
        .newDecoder()
        .decode(bytes.limit(end))
        .toString()
        .lines()
        .toList();
  }

  /**
   * The key of each serial number, in the order in which those were first given: the newest key,
   * for what was noted before it was cut short. Empty of a line that is older than keys are noted.
   */
  Map<String, String> keys() {
    Map<String, String> keys = new LinkedHashMap<>();
    lines().forEach(line -> keys.put(serial(line), key(line)));
    return keys;
  }

  private List<String> lines() {
    synchronized (Ledger.class) {
      try {
        byte[] bytes = Files.exists(file) ? Files.readAllBytes(file) : new byte[0];
        return lines(ByteBuffer.wrap(bytes));
      } catch (IOException e) {
        throw FactoryException.io(file, "read", e);
      }
    }
  }

  private static String serial(String line) {
    return line.split(" ", 2)[0];
  }

  private static String key(String line) {
    return line.substring(Math.min(line.length(), serial(line).length() + 1));
  }
}
