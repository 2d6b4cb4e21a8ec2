/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.command;

import dev.muster.device.internal.journal.Journal;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The newest commands of a device on its disk: which were begun, and with which result they ended.
 * Not thread-safe; writes block until they are on the disk.
 */
final class CommandLog implements AutoCloseable {
  /** The backend has at most 100 open ones. */
  private static final int MAX_COMMANDS = 1000;

  private static final long MAX_BYTES = 8L * 1024 * 1024;

  /** Those of all open ones, at 64 KB each. The files, which go 1 MiB at a time, hold more. */
  private static final long MAX_RESULT_BYTES = 100L * 64 * 1024;

  private static final class Known {
    private final List<Long> records = new ArrayList<>();
    private byte @Nullable [] result;

    int resultBytes() {
      return result == null ? 0 : result.length;
    }
  }

  private final Journal journal;
  private final Map<String, Known> commands = new LinkedHashMap<>();
  private long resultBytes;

  private CommandLog(Journal journal) {
    this.journal = journal;
  }

  static CommandLog open(Path stateDirectory) throws IOException {
    Path folder = stateDirectory.resolve("journal").resolve("commands");
    CommandLog log = new CommandLog(Journal.open(folder, MAX_BYTES));
    Journal journal = log.journal;
    for (Journal.Entry entry = journal.read(0);
        entry != null;
        entry = journal.read(entry.number() + 1)) {
      log.learn(entry);
    }
    return log;
  }

  private void learn(Journal.Entry entry) {
    try {
      ByteBuffer in = ByteBuffer.wrap(entry.bytes());
      byte[] id = new byte[in.get()];
      in.get(id);
      byte[] result = new byte[in.remaining()];
      in.get(result);
      remember(new String(id, StandardCharsets.US_ASCII), result).records.add(entry.number());
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      journal.done(entry.number());
    }
  }

  private Known remember(String id, byte[] result) {
    Known known = commands.computeIfAbsent(id, unknown -> new Known());
    if (result.length > 0) {
      resultBytes += result.length - known.resultBytes();
      known.result = result;
    }
    Iterator<Known> oldest = commands.values().iterator();
    while (commands.size() > MAX_COMMANDS || resultBytes > MAX_RESULT_BYTES) {
      Known forgotten = oldest.next();
      forgotten.records.forEach(journal::done);
      resultBytes -= forgotten.resultBytes();
      oldest.remove();
    }
    return known;
  }

  /** Whether it was begun, now or by an earlier start. */
  boolean isBegun(String id) {
    return commands.containsKey(id);
  }

  /** Its result as it was kept; null if it has not ended. */
  byte @Nullable [] result(String id) {
    Known known = commands.get(id);
    return known == null ? null : known.result;
  }

  /** Notes that a command is begun. */
  void begin(String id) throws IOException {
    long record = append(id, new byte[0]);
    remember(id, new byte[0]).records.add(record);
  }

  /** Keeps a result; in memory also if the disk cannot. */
  void end(String id, byte[] result) throws IOException {
    Known known = remember(id, result);
    known.records.add(append(id, result));
  }

  private long append(String id, byte[] result) throws IOException {
    byte[] name = id.getBytes(StandardCharsets.US_ASCII);
    byte[] record = ByteBuffer.allocate(1 + name.length + result.length)
        .put((byte) name.length)
        .put(name)
        .put(result)
        .array();
    return journal.write(List.of(new Journal.Content(0, record)));
  }

  @Override
  public void close() throws IOException {
    journal.close();
  }
}
