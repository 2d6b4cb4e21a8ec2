/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.journal;

import dev.muster.protocol.file.DurableFiles;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records in files that are only appended to. A position counts the bytes of all that was ever
 * appended, so it names a record for good, also when the files before it are gone.
 *
 * <p>{@link #append} returns when the records are on stable storage. A file is never continued
 * after a failure or a start: what a kill or a failed write left behind it was not promised to
 * anybody, and lies beyond the beginning of the next file, where nobody reads. Damage before that,
 * which no crash can make, is passed over, counted and kept for somebody to look at.
 *
 * <p>A file that is released is written over as a later one: a flush of a file that does not grow
 * is one of its bytes alone, while one that grows waits for whatever else the file system has to
 * note down (on ext4, for what others have written). The positions in the checksums tell old bytes
 * from new ones.
 *
 * <p>One thread appends while another reads and releases.
 */
public final class IngestJournal implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(IngestJournal.class);
  private static final long FILE_BYTES = 8L * 1024 * 1024;
  private static final int CHUNK_BYTES = 64 * 1024;

  /** What a file is called between its two uses. */
  private static final String SPARE = "spare";

  /** A disk; another one in tests. */
  @FunctionalInterface
  interface Disk {
    FileChannel open(Path path, Set<? extends OpenOption> options) throws IOException;
  }

  /**
   * A record.
   *
   * @param next the position behind it
   */
  @SuppressWarnings("ArrayRecordComponent")
  public record Entry(long next, byte[] content) {}

  /**
   * What is read.
   *
   * @param entries in their order
   * @param next where to read on: behind the last entry, and behind damage that followed it
   */
  public record Batch(List<Entry> entries, long next) {}

  private final Path folder;
  private final Disk disk;
  private final ConcurrentSkipListMap<Long, JournalFile> files = new ConcurrentSkipListMap<>();
  private final Set<JournalFile> damaged = ConcurrentHashMap.newKeySet();
  private final LongAdder damagedBytes = new LongAdder();

  /** Behind the last record; what lies before it is on stable storage. */
  private volatile long end;

  /** Of whoever appends. */
  private @Nullable JournalFile active;

  private @Nullable FileChannel appender;

  /** Of whoever reads. */
  private @Nullable JournalFile open;

  private @Nullable FileChannel reader;

  private IngestJournal(Path folder, Disk disk) {
    this.folder = folder;
    this.disk = disk;
  }

  /**
   * Opens what is there, in whatever state it is.
   *
   * @param least no position below it is given to a new record: the database counts further
   */
  public static IngestJournal open(Path folder, long least) throws IOException {
    return open(folder, least, FileChannel::open);
  }

  /** As above, on another disk. */
  static IngestJournal open(Path folder, long least, Disk disk) throws IOException {
    DurableFiles.createFolder(folder);
    IngestJournal journal = new IngestJournal(folder, disk);
    journal.recover(least);
    return journal;
  }

  /** Whether a folder holds records, or once did: a database that goes with it must not be left. */
  public static boolean isUsed(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return false;
    }
    try (Stream<Path> names = Files.list(folder)) {
      return names.anyMatch(path -> JournalFile.named(path).isPresent());
    }
  }

  private void recover(long least) throws IOException {
    try (Stream<Path> names = Files.list(folder)) {
      names
          .flatMap(path -> JournalFile.named(path).stream())
          .forEach(file -> files.put(file.first(), file));
    }
    Map.Entry<Long, JournalFile> last = files.lastEntry();
    end = Math.max(least, last == null ? 0 : endOf(last.getValue()));
  }

  private long endOf(JournalFile file) throws IOException {
    try (FileChannel channel = disk.open(file.path(), Set.of(StandardOpenOption.READ))) {
      return file.endOfRecords(channel);
    }
  }

  /** The position behind the last record. */
  public long end() {
    return end;
  }

  /** How many bytes could not be read back. */
  public double damagedBytes() {
    return damagedBytes.sum();
  }

  /**
   * Appends, and returns when all of it is on stable storage.
   *
   * @param records are asked for one after the other, so that not all of them are in memory
   * @throws IOException if that is not certain: none of it will be read, or some of it after the
   *     next start
   */
  public void append(Iterable<byte[]> records) throws IOException {
    try {
      FileChannel channel = channelToAppend();
      Chunk chunk = new Chunk(channel, active().first(), end);
      for (byte[] record : records) {
        chunk.add(record);
      }
      chunk.write();
      channel.force(false);
      end = chunk.position;
    } catch (IOException | RuntimeException e) {
      abandonActive();
      throw e;
    }
  }

  /** Frames on their way to the file. */
  private static final class Chunk {
    private final FileChannel channel;
    private final long first;
    private final ByteArrayOutputStream frames = new ByteArrayOutputStream(CHUNK_BYTES);
    private long written;
    private long position;

    Chunk(FileChannel channel, long first, long position) {
      this.channel = channel;
      this.first = first;
      this.written = position;
      this.position = position;
    }

    void add(byte[] record) throws IOException {
      ByteBuffer frame = ByteBuffer.allocate(Frame.HEADER + record.length);
      Frame.put(frame, position, record);
      frames.writeBytes(frame.array());
      position += frame.capacity();
      if (frames.size() >= CHUNK_BYTES) {
        write();
      }
    }

    void write() throws IOException {
      ByteBuffer rest = ByteBuffer.wrap(frames.toByteArray());
      while (rest.hasRemaining()) {
        written += channel.write(rest, written - first);
      }
      frames.reset();
    }
  }

  private FileChannel channelToAppend() throws IOException {
    FileChannel channel = appender;
    if (channel != null && end - active().first() < FILE_BYTES) {
      return channel;
    }
    abandonActive();
    JournalFile fresh = JournalFile.at(folder, end);
    // One of this name holds no record, else the end were behind it.
    fresh.delete();
    if (Files.exists(spare())) {
      Files.move(spare(), fresh.path(), StandardCopyOption.ATOMIC_MOVE);
    }
    channel = disk.open(fresh.path(), Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE));
    appender = channel;
    active = fresh;
    DurableFiles.flushFolder(folder);
    files.put(fresh.first(), fresh);
    return channel;
  }

  private Path spare() {
    return folder.resolve(SPARE);
  }

  private JournalFile active() {
    JournalFile file = active;
    if (file == null) {
      throw new IllegalStateException("no file to append to");
    }
    return file;
  }

  private void abandonActive() {
    close(appender);
    appender = null;
    active = null;
  }

  /**
   * Reads on from a position.
   *
   * @param records at most so many
   * @param bytes none more once there are so many
   */
  public Batch read(long from, int records, long bytes) throws IOException {
    List<Entry> read = new ArrayList<>();
    long position = from;
    long taken = 0;
    while (position < end && read.size() < records && taken < bytes) {
      JournalFile file = fileOf(position);
      if (file == null) {
        position = passOver(position, beginningAfter(position), "the file is gone");
        continue;
      }
      long limit = beginningAfter(position);
      byte[] content = file.read(channelToRead(file), position, limit);
      if (content == null) {
        damaged.add(file);
        position = passOver(position, limit, file.path().toString());
        continue;
      }
      position += Frame.HEADER + content.length;
      taken += content.length;
      read.add(new Entry(position, content));
    }
    return new Batch(read, position);
  }

  private long passOver(long from, long to, String where) {
    LOG.error("Journal damaged, bytes passed over from={} to={} in={}", from, to, where);
    damagedBytes.add(to - from);
    return to;
  }

  private @Nullable JournalFile fileOf(long position) {
    Map.Entry<Long, JournalFile> entry = files.floorEntry(position);
    return entry == null ? null : entry.getValue();
  }

  private long beginningAfter(long position) {
    Long next = files.higherKey(position);
    return next == null ? end : Math.min(next, end);
  }

  private FileChannel channelToRead(JournalFile file) throws IOException {
    FileChannel channel = reader;
    if (channel == null || !file.equals(open)) {
      close(reader);
      channel = disk.open(file.path(), Set.of(StandardOpenOption.READ));
      reader = channel;
      open = file;
    }
    return channel;
  }

  /** Lets go of what lies before a position: of the files that hold nothing else, one is kept. */
  public void release(long position) {
    while (files.size() > 1 && beginningOfSecond() <= position) {
      remove(files.pollFirstEntry().getValue());
    }
  }

  private void remove(JournalFile file) {
    try {
      if (damaged.remove(file)) {
        LOG.error("Journal file put aside file={}", file.putAside());
      } else if (!Files.exists(spare())) {
        Files.move(file.path(), spare(), StandardCopyOption.ATOMIC_MOVE);
      } else {
        file.delete();
      }
    } catch (IOException e) {
      LOG.warn("Journal file not deleted file={} error={}", file.path(), e.toString());
    }
  }

  private long beginningOfSecond() {
    return files.higherKey(files.firstKey());
  }

  /** Deletes what there is: all of it is elsewhere. The journal is closed by it. */
  public void discard() {
    close();
    release(end);
    JournalFile last = files.isEmpty() ? null : files.pollFirstEntry().getValue();
    if (last != null) {
      remove(last);
    }
    try {
      Files.deleteIfExists(spare());
    } catch (IOException e) {
      LOG.warn("Journal file not deleted file={} error={}", spare(), e.toString());
    }
  }

  private static void close(@Nullable FileChannel channel) {
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        LOG.debug("Journal file not closed error={}", e.toString());
      }
    }
  }

  @Override
  public void close() {
    abandonActive();
    close(reader);
    reader = null;
    open = null;
  }
}
