/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of records, named after the number of the first. */
final class Segment {
  private static final Pattern NAME = Pattern.compile("([0-9a-f]{16})\\.log");

  /** So often it is waited for a card or a controller that starts anew. */
  private static final int MOST_FAILURES = 10;

  private final Path file;
  private final long first;
  private long length;
  private int failures;
  private boolean holdsRecords;

  private Segment(Path file, long first, long length) {
    this.file = file;
    this.first = first;
    this.length = length;
  }

  /** A file that is there; empty if it is none of ours. */
  static Optional<Segment> found(Path file) throws IOException {
    Matcher name = NAME.matcher(file.getFileName().toString());
    return name.matches()
        ? Optional.of(
            new Segment(file, Long.parseUnsignedLong(name.group(1), 16), Files.size(file)))
        : Optional.empty();
  }

  /** A new file, on the disk with its name. */
  static Segment create(Path folder, long first) throws IOException {
    DurableFiles.createFolder(folder);
    Path file = folder.resolve(String.format("%016x.log", first));
    // A file of this name holds nothing that counts, or its numbers would have been known.
    Files.deleteIfExists(file);
    Files.createFile(file);
    try {
      DurableFiles.flushFolder(folder);
    } catch (IOException e) {
      Files.deleteIfExists(file); // Nobody else knows of it.
      throw e;
    }
    return new Segment(file, first, 0);
  }

  long first() {
    return first;
  }

  /** How much of the file counts. */
  long length() {
    return length;
  }

  SegmentReader open() throws IOException {
    return open(isGivenUp());
  }

  /** To be read as far as it can be. */
  SegmentReader salvage() throws IOException {
    return open(true);
  }

  private SegmentReader open(boolean passesOver) throws IOException {
    return new SegmentReader(FileChannel.open(file, StandardOpenOption.READ), passesOver);
  }

  /** It could not be read. */
  void failed() {
    failures++;
  }

  /** Whether it has failed so often that it is only read as far as it can be. */
  boolean isGivenUp() {
    return failures >= MOST_FAILURES;
  }

  FileChannel openToAppend() throws IOException {
    return FileChannel.open(file, StandardOpenOption.WRITE);
  }

  /** Whether it was opened or written with records in it, done or not. */
  boolean holdsRecords() {
    return holdsRecords;
  }

  void recordsFound() {
    holdsRecords = true;
  }

  /** Writes records at the end, on stable storage when this returns. */
  void append(FileChannel channel, ByteBuffer frames) throws IOException {
    write(channel, frames, true);
    holdsRecords = true;
  }

  /** Writes at the end; what was written counts only if that succeeded as a whole. */
  void write(FileChannel channel, ByteBuffer frames, boolean flush) throws IOException {
    long end = length;
    while (frames.hasRemaining()) {
      end += channel.write(frames, end);
    }
    if (flush) {
      channel.force(false);
    }
    length = end;
  }

  void delete() throws IOException {
    Files.deleteIfExists(file);
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
