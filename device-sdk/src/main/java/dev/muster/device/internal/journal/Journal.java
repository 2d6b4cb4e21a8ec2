/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.journal;

import dev.muster.device.internal.log.DeviceLogger;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * An append-only log of numbered records in files of limited size, bounded as a whole. Records are
 * taken off by number, in any order; a file goes when all in it are done.
 *
 * <p>{@link #write} returns when the records are on stable storage. Which are done is written along
 * with them, and by {@link #noteDone} without a flush of its own: a kill loses none of it, a power
 * cut only makes some records be sent again. A file is never continued after a start or after a
 * failure, so damage at its end needs no repair; damage within is passed over, and counted.
 *
 * <p>Not thread-safe. Writes block until they are on the disk.
 */
public final class Journal implements AutoCloseable {
  private static final Logger LOG = DeviceLogger.of(Journal.class);
  private static final int MAX_RANGES = 64;
  private static final long LEAST_SEGMENT_BYTES = 4 * 1024;
  private static final long MOST_SEGMENT_BYTES = 1024 * 1024;
  private static final int SEGMENTS = 8;

  /** What is written. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Content(long timeMs, byte[] bytes) {}

  /** What is read. */
  @SuppressWarnings("ArrayRecordComponent")
  public record Entry(long number, long timeMs, byte[] bytes) {}

  /**
   * Records that had to go, or were damaged, and when they were written; zeros if there are none.
   */
  public record Lost(long count, long fromMs, long toMs) {
    private static final Lost NONE = new Lost(0, 0, 0);

    /** Both together. */
    public Lost plus(Lost other) {
      return count == 0
          ? other
          : new Lost(
              count + other.count, Math.min(fromMs, other.fromMs), Math.max(toMs, other.toMs));
    }
  }

  private final Path folder;
  private final long maxBytes;
  private final long segmentBytes;
  private final Deque<Segment> segments = new ArrayDeque<>();
  private NumberSet done = new NumberSet(1);
  private Lost lost = Lost.NONE;
  private long next = 1;
  private boolean noted = true;
  private @Nullable Segment active;
  /** The newest file, as long as it tells nothing that the others do not. */
  private @Nullable Segment dispensable;

  private @Nullable FileChannel appender;
  private @Nullable Cursor cursor;

  private Journal(Path folder, long maxBytes) {
    this.folder = folder;
    this.maxBytes = maxBytes;
    this.segmentBytes =
        Math.max(LEAST_SEGMENT_BYTES, Math.min(MOST_SEGMENT_BYTES, maxBytes / SEGMENTS));
  }

  /** Opens what is there, in whatever state it is. The folder is made with the first record. */
  public static Journal open(Path folder, long maxBytes) throws IOException {
    Journal journal = new Journal(folder, maxBytes);
    if (Files.isDirectory(folder)) {
      journal.recover();
    }
    return journal;
  }

  private void recover() throws IOException {
    List<Segment> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Segment.found(file).ifPresent(found::add);
      }
    }
    found.sort(Comparator.comparingLong(Segment::first));
    segments.addAll(found);
    if (found.isEmpty()) {
      return;
    }
    done = new NumberSet(found.get(0).first());
    next = Math.max(1, found.get(found.size() - 1).first());
    Collections.reverse(found);
    // Each file begins with what was done by then, so that the newest ones tell all.
    for (Segment segment : found) {
      if (scan(segment)) {
        break;
      }
    }
    next = Math.max(next, done.below());
    found.stream().filter(segment -> segment.first() < next).forEach(Segment::recordsFound);
    dropFinished();
  }

  /** @return whether the segment told what is done */
  private boolean scan(Segment segment) throws IOException {
    Frame told = null;
    try (SegmentReader file = segment.salvage()) {
      long offset = 0;
      while (offset < segment.length()) {
        Frame frame = Frame.next(file, offset, segment.length());
        if (frame == null) {
          break;
        }
        if (frame.type() == Frame.DONE) {
          told = frame;
        } else {
          next = Math.max(next, frame.number() + 1);
        }
        offset = frame.end();
      }
      if (file.hasPassedOver()) {
        LOG.warn("Journal file read as far as it can be file={}", segment);
      }
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      LOG.warn("Journal file not opened file={} reason={}", segment, e.toString());
    }
    return told != null && readDone(told);
  }

  private boolean readDone(Frame told) {
    try {
      ByteBuffer in = ByteBuffer.wrap(told.content());
      NumberSet set = NumberSet.read(in);
      lost = new Lost(in.getLong(), in.getLong(), in.getLong());
      set.addRange(0, done.below());
      done = set;
      return true;
    } catch (BufferUnderflowException e) {
      return false;
    }
  }

  /** How many records are not done, of {@code from} to {@code to}, the latter excluded. */
  public long countOpen(long from, long to) {
    return done.missing(from, to);
  }

  /** What the files take. */
  public long bytes() {
    return segments.stream().mapToLong(Segment::length).sum();
  }

  /** Whether so much content fits without dropping anything. */
  public boolean hasRoom(long contentBytes) {
    return bytes() + contentBytes + Frame.size(0) <= maxBytes;
  }

  /** No record below it is not done. */
  public long firstOpen() {
    return done.below();
  }

  /** The number of the next record. */
  public long next() {
    return next;
  }

  /**
   * Appends, and returns when all of it is on stable storage. The oldest records go if there is no
   * room for it.
   *
   * @return the number of the first; the others follow it
   * @throws IOException if that is not certain; then none has a number, and all may be written
   *     again
   */
  public long write(List<Content> batch) throws IOException {
    if (!batch.isEmpty() && hasNoRoomForItsFirst(batch.get(0))) {
      abandonActive(); // So that the file that follows has another number, and with that a name.
    }
    long first = unusedNumber();
    try {
      ByteBuffer frames = null;
      long number = first;
      for (Content content : batch) {
        int size = Frame.size(content.bytes().length);
        if (frames != null && frames.remaining() < size) {
          append(frames.flip());
          frames = null;
        }
        if (frames == null) {
          frames = room(number, size);
        }
        Frame.put(frames, Frame.MESSAGE, number, content.timeMs(), content.bytes());
        number++;
      }
      if (frames != null) {
        append(frames.flip());
      }
      next = number;
      return first;
    } catch (IOException e) {
      // What got there may be whole or not. Its numbers are not used again.
      next = first + batch.size();
      done.addRange(first, next);
      abandonFailed();
      throw e;
    }
  }

  /** Whether the active file holds no record, and would not take this one. */
  private boolean hasNoRoomForItsFirst(Content content) {
    return active != null
        && !active.holdsRecords()
        && active.length() + Frame.size(content.bytes().length) > segmentBytes;
  }

  /** Each write after a failure begins a file: those in which nothing counts must not add up. */
  private void abandonFailed() {
    abandonActive();
    Segment begun = dispensable;
    if (begun != null) {
      segments.remove(begun);
      delete(begun);
      dispensable = null;
    }
  }

  /**
   * The number of the next record, which no file bears: one that holds no record may still be the
   * only one that tells what is done.
   */
  private long unusedNumber() {
    Segment last = segments.peekLast();
    if (active == null && last != null && last.first() >= next) {
      done.addRange(next, last.first() + 1);
      next = last.first() + 1;
    }
    return next;
  }

  /** A buffer for what the active segment still takes, at least {@code size} bytes. */
  private ByteBuffer room(long number, int size) throws IOException {
    if (active == null || active.length() + size > segmentBytes) {
      roll(number);
    }
    while (bytes() + size > maxBytes && segments.size() > 1) {
      dropOldest();
    }
    long left = active == null ? size : segmentBytes - active.length();
    return ByteBuffer.allocate((int) Math.max(size, Math.min(left, 64 * 1024)));
  }

  private void roll(long number) throws IOException {
    abandonActive();
    List<Segment> superseded =
        segments.stream().filter(segment -> !segment.holdsRecords()).toList();
    active = Segment.create(folder, number);
    segments.addLast(active);
    dispensable = active;
    appender = active.openToAppend();
    active.write(appender, doneFrame(), !superseded.isEmpty());
    dispensable = noted && superseded.isEmpty() ? active : null;
    noted = true;
    segments.removeAll(superseded);
    superseded.forEach(this::delete);
  }

  private void append(ByteBuffer frames) throws IOException {
    Segment to = active;
    FileChannel channel = appender;
    if (to == null || channel == null) {
      throw new IllegalStateException("no file to append to");
    }
    to.append(channel, frames);
    dispensable = null;
  }

  private void abandonActive() {
    FileChannel channel = appender;
    active = null;
    appender = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("Journal file not closed folder={}", folder, e);
      }
    }
  }

  private ByteBuffer doneFrame() {
    byte[] set = done.write(MAX_RANGES);
    ByteBuffer content = ByteBuffer.allocate(set.length + 24);
    content.put(set).putLong(lost.count()).putLong(lost.fromMs()).putLong(lost.toMs());
    ByteBuffer frame = ByteBuffer.allocate(Frame.size(content.capacity()));
    Frame.put(frame, Frame.DONE, 0, 0, content.array());
    return frame.flip();
  }

  /** The record is done: it will not be read again. */
  public void done(long number) {
    done.add(number);
    noted = false;
    dropFinished();
  }

  /** Whether the file tells already what is done. */
  public boolean isNoted() {
    return noted || segments.isEmpty();
  }

  /** Tells the file what is done, if that has changed; without waiting for the disk. */
  public void noteDone() throws IOException {
    if (isNoted()) {
      return;
    }
    try {
      Segment to = active;
      FileChannel channel = appender;
      if (to == null || channel == null) {
        roll(unusedNumber()); // Notes it.
      } else {
        to.write(channel, doneFrame(), false);
        dispensable = null;
        noted = true;
      }
    } catch (IOException e) {
      abandonFailed();
      throw e;
    }
  }

  private void dropFinished() {
    while (segments.size() > 1 && firstOfSecond() <= done.below()) {
      delete(segments.removeFirst());
    }
    boolean onlyOne = segments.size() == 1 && done.below() >= next;
    if (onlyOne && (active == null || active.length() > segmentBytes / 4)) {
      abandonActive();
      delete(segments.removeFirst());
    }
  }

  private long firstOfSecond() {
    Iterator<Segment> iterator = segments.iterator();
    iterator.next();
    return iterator.next().first();
  }

  private void dropOldest() throws IOException {
    Segment oldest = segments.removeFirst();
    long end = segments.getFirst().first();
    long count = done.missing(oldest.first(), end);
    if (count > 0) {
      countLost(oldest, count);
      LOG.warn("Journal full, oldest records dropped folder={} records={}", folder, count);
    }
    done.addRange(0, end);
    delete(oldest);
  }

  private void countLost(Segment segment, long count) throws IOException {
    long from = Long.MAX_VALUE;
    long to = Long.MIN_VALUE;
    try (SegmentReader file = segment.salvage()) {
      for (Frame frame = Frame.next(file, 0, segment.length());
          frame != null;
          frame = Frame.next(file, frame.end(), segment.length())) {
        if (frame.type() == Frame.MESSAGE) {
          from = Math.min(from, frame.timeMs());
          to = Math.max(to, frame.timeMs());
        }
      }
    } catch (ClosedChannelException e) {
      throw e;
    } catch (IOException e) {
      LOG.warn("Journal file not opened file={} reason={}", segment, e.toString());
    }
    lost = lost.plus(new Lost(count, from == Long.MAX_VALUE ? 0 : from, Math.max(to, 0)));
    noted = false;
  }

  private void delete(Segment segment) {
    try {
      if (cursor != null && cursor.segment == segment) {
        cursor.close();
        cursor = null;
      }
      segment.delete();
    } catch (IOException e) {
      LOG.warn("Journal file not deleted file={} reason={}", segment, e.getMessage());
    }
  }

  /** What was lost since it was last taken over. */
  public Lost lost() {
    return lost;
  }

  /** Takes over the number of lost records: it is counted from zero again. */
  public Lost takeLost() {
    Lost taken = lost;
    lost = Lost.NONE;
    noted = noted && taken.count() == 0;
    return taken;
  }

  /**
   * The first record from {@code number} on that is not done; null if there is none. Cheap if asked
   * in rising order.
   */
  public @Nullable Entry read(long number) throws IOException {
    for (long wanted = Math.max(number, done.below()); wanted < next; ) {
      Segment segment = segmentOf(wanted);
      if (segment == null) {
        return null;
      }
      Frame frame = frameFrom(segment, wanted);
      long end = frame == null ? endOf(segment) : frame.number();
      passOver(wanted, end, frame == null ? 0 : frame.timeMs());
      if (frame != null && !done.contains(frame.number())) {
        return new Entry(frame.number(), frame.timeMs(), frame.content());
      }
      wanted = frame == null ? end : frame.number() + 1;
    }
    return null;
  }

  /**
   * Null if there is none from this number on.
   *
   * @throws IOException if the file cannot be read, which may pass: after some times it is read as
   *     far as it can be
   */
  private @Nullable Frame frameFrom(Segment segment, long wanted) throws IOException {
    try {
      return cursorAt(segment, wanted).nextFrom(wanted);
    } catch (ClosedChannelException e) {
      closeCursor();
      throw e;
    } catch (IOException e) {
      closeCursor();
      if (segment.isGivenUp()) {
        return null; // It cannot even be opened.
      }
      segment.failed();
      if (!segment.isGivenUp()) {
        throw e;
      }
      LOG.warn("Journal file read as far as it can be file={} reason={}", segment, e.toString());
      return frameFrom(segment, wanted);
    }
  }

  private void closeCursor() throws IOException {
    Cursor open = cursor;
    cursor = null;
    if (open != null) {
      open.close();
    }
  }

  /** Numbers without a record: damage, unless they were done. */
  private void passOver(long from, long to, long timeMs) {
    long missing = done.missing(from, to);
    if (missing > 0) {
      LOG.warn("Journal damaged, records passed over folder={} records={}", folder, missing);
      lost = lost.plus(new Lost(missing, timeMs, timeMs));
      done.addRange(from, to);
      noted = false;
    }
  }

  private @Nullable Segment segmentOf(long number) {
    Segment holder = null;
    for (Segment segment : segments) {
      if (holder != null && segment.first() > number) {
        break;
      }
      holder = segment;
    }
    return holder;
  }

  /** The number behind the last that the segment can hold. */
  private long endOf(Segment segment) {
    for (Segment other : segments) {
      if (other.first() > segment.first()) {
        return other.first();
      }
    }
    return next;
  }

  private Cursor cursorAt(Segment segment, long number) throws IOException {
    Cursor open = cursor;
    if (open == null || open.segment != segment || open.passed >= number) {
      closeCursor();
      open = new Cursor(segment);
      cursor = open;
    }
    return open;
  }

  /** Where reading has got to. */
  private static final class Cursor {
    private final Segment segment;
    private final SegmentReader file;
    private long offset;
    private long passed;

    Cursor(Segment segment) throws IOException {
      this.segment = segment;
      this.file = segment.open();
    }

    @Nullable Frame nextFrom(long number) throws IOException {
      while (offset < segment.length()) {
        Frame frame = Frame.next(file, offset, segment.length());
        if (frame == null) {
          offset = segment.length();
          return null;
        }
        offset = frame.end();
        if (frame.type() == Frame.MESSAGE) {
          passed = frame.number();
          if (frame.number() >= number) {
            return frame;
          }
        }
      }
      return null;
    }

    void close() throws IOException {
      file.close();
    }
  }

  /** Notes what is done, and closes the files. */
  @Override
  public void close() throws IOException {
    try {
      noteDone();
    } finally {
      abandonActive();
      dropFinished();
      closeCursor();
    }
  }
}
