/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One file, named after the position of its first byte. */
record JournalFile(Path path, long first) {
  private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.log");

  /** The file that begins at a position. */
  static JournalFile at(Path folder, long first) {
    return new JournalFile(folder.resolve(String.format("%016x.log", first)), first);
  }

  /** Reads a name; empty if it is none of ours. */
  static Optional<JournalFile> named(Path path) {
    Matcher name = NAME.matcher(path.getFileName().toString());
    return name.matches()
        ? Optional.of(new JournalFile(path, Long.parseUnsignedLong(name.group(1), 16)))
        : Optional.empty();
  }

  /** Where the whole records end that lie one behind the other from the beginning. */
  long endOfRecords(FileChannel channel) throws IOException {
    long limit = first + channel.size();
    long position = first;
    byte[] content = read(channel, position, limit);
    while (content != null) {
      position += Frame.HEADER + content.length;
      content = read(channel, position, limit);
    }
    return position;
  }

  /**
   * The record at a position.
   *
   * @param limit where no record goes beyond
   * @return null if there is no whole one
   */
  @SuppressWarnings("ReturnsNullArray")
  byte @org.jspecify.annotations.Nullable [] read(FileChannel channel, long position, long limit)
      throws IOException {
    ByteBuffer header = ByteBuffer.allocate(Frame.HEADER);
    if (limit - position < Frame.HEADER || !fill(channel, position - first, header)) {
      return null;
    }
    int length = header.getInt();
    int checksum = header.getInt();
    if (length < 0 || length > limit - position - Frame.HEADER) {
      return null;
    }
    ByteBuffer content = ByteBuffer.allocate(length);
    return fill(channel, position - first + Frame.HEADER, content)
            && Frame.isWhole(checksum, position, content.array())
        ? content.array()
        : null;
  }

  private static boolean fill(FileChannel channel, long offset, ByteBuffer buffer)
      throws IOException {
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        return false;
      }
    }
    buffer.flip();
    return true;
  }

  void delete() throws IOException {
    Files.deleteIfExists(path);
  }

  /** Has it out of the way, for somebody to look at. */
  Path putAside() throws IOException {
    Path aside = path.resolveSibling(path.getFileName() + ".damaged");
    return Files.move(path, aside, StandardCopyOption.REPLACE_EXISTING);
  }
}
