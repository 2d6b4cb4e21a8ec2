/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import dev.muster.device.DropPolicy;
import dev.muster.device.DropReason;
import dev.muster.device.MessageClass;
import dev.muster.device.internal.journal.Journal;
import dev.muster.device.internal.log.DeviceLogger;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The messages of one class. What is new is in memory; what is older may be on the disk only, its
 * backlog. Both are sent in turns, so that a backlog of a week delays nothing that is new.
 *
 * <p>{@link #offer} is called under the queue's lock by any thread, all else by the owner thread.
 */
final class Lane {
  private static final Logger LOG = DeviceLogger.of(Lane.class);
  private static final int BATCH_BYTES = 1024 * 1024;

  private final MessageClass messageClass;
  private final QueueLimits limits;
  private final Losses losses;
  private final Object lock;
  /** Told of messages that are given up, or no longer followed. */
  private final BiConsumer<Receipt, DropReason> onGivenUp;

  /** Not sent yet, in order. Guarded by the lock. */
  private final Deque<Entry> fresh = new ArrayDeque<>();
  /** Not on the disk yet, in order, whether sent or not. Guarded by the lock. */
  private final Deque<Entry> unwritten = new ArrayDeque<>();

  /** In memory. Guarded by the lock. */
  private final Set<Entry> held = new HashSet<>();

  private long bytes; // Guarded by the lock.
  private long freshBytes; // Guarded by the lock.

  /** Were in flight when the connection broke. */
  private final Deque<Entry> returned = new ArrayDeque<>();
  /** Receipts of messages that are on the disk only. */
  private final Map<Long, Receipt> followed = new LinkedHashMap<>();

  private @Nullable Journal journal;
  private long readFrom;
  private long readEnd;
  private boolean backlogIsNext;
  /** The disk has not given back what is next; it is asked again with the next store. */
  private boolean backlogFailed;

  private volatile long backlog;
  private volatile long journalBytes;
  private volatile long lostOnDisk;
  private volatile long backlogSinceMs = Long.MAX_VALUE;

  Lane(
      MessageClass messageClass,
      QueueLimits limits,
      Losses losses,
      Object lock,
      BiConsumer<Receipt, DropReason> onGivenUp) {
    this.messageClass = messageClass;
    this.limits = limits;
    this.losses = losses;
    this.lock = lock;
    this.onGivenUp = onGivenUp;
  }

  /**
   * Whether there is room in memory; makes it, if messages of this class may go for it.
   *
   * @param dropped gets the receipts of those that went
   */
  boolean makeRoom(int size, List<Receipt> dropped) {
    boolean mayDrop = !isKeptOnDisk() && limits.policy(messageClass) == DropPolicy.OLDEST;
    while (held.size() >= limits.messages() || bytes + size > limits.bytes()) {
      Entry oldest = mayDrop ? pollFresh() : null;
      if (oldest == null) {
        return false;
      }
      forget(oldest);
      losses.add(messageClass, 1, oldest.timeMs(), oldest.timeMs());
      if (oldest.receipt != null) {
        dropped.add(oldest.receipt);
      }
    }
    return true;
  }

  void offer(Entry entry) {
    fresh.add(entry);
    freshBytes += entry.bytes();
    if (isKeptOnDisk()) {
      unwritten.add(entry);
    }
    count(entry);
  }

  private boolean isKeptOnDisk() {
    return messageClass != MessageClass.DEBUG;
  }

  private void count(Entry entry) {
    held.add(entry);
    bytes += entry.bytes();
  }

  /** It is no longer in memory. Called under the lock. */
  void forget(Entry entry) {
    held.remove(entry);
    bytes -= entry.bytes();
  }

  /** In memory. Called under the lock. */
  int messages() {
    return held.size();
  }

  /** When the oldest was submitted; the greatest number if there is none. Under the lock. */
  long oldestMs() {
    long onDisk = backlog > 0 ? backlogSinceMs : Long.MAX_VALUE;
    return Math.min(onDisk, held.stream().mapToLong(Entry::timeMs).min().orElse(Long.MAX_VALUE));
  }

  /** In memory. Called under the lock. */
  long bytes() {
    return bytes;
  }

  /** On the disk only; as of the last look. */
  long backlog() {
    return backlog;
  }

  /** What the files take; as of the last look. */
  long journalBytes() {
    return journalBytes;
  }

  /** Dropped from the files and not told yet; as of the last look. */
  long lostOnDisk() {
    return lostOnDisk;
  }

  /** Adds what was dropped from the files: it is counted there until it is told. */
  void addLosses(Map<MessageClass, Journal.Lost> all) {
    if (journal != null && journal.lost().count() > 0) {
      all.merge(messageClass, journal.lost(), Journal.Lost::plus);
    }
  }

  /** What {@link #addLosses} has added is told. */
  void lossesTold() {
    if (journal != null) {
      synchronized (lock) { // It is counted once at any time.
        losses.addTold(journal.takeLost().count());
        lostOnDisk = 0;
      }
    }
  }

  /** Takes over what an earlier start has left. */
  void open(Path stateDirectory) throws IOException {
    if (isKeptOnDisk() && journal == null) {
      Path folder =
          stateDirectory.resolve("journal").resolve(messageClass.name().toLowerCase(Locale.ROOT));
      Journal opened = Journal.open(folder, limits.journalBytes(messageClass));
      readFrom = opened.firstOpen();
      readEnd = opened.next();
      journal = opened;
      look();
      try {
        Journal.Entry oldest = opened.read(readFrom);
        backlogSinceMs = oldest == null ? Long.MAX_VALUE : oldest.timeMs();
      } catch (IOException e) {
        backlogNotRead(e); // What is new can be kept all the same.
      }
    }
  }

  private void look() {
    Journal open = journal;
    if (open != null) {
      backlog = open.countOpen(readFrom, readEnd);
      journalBytes = open.bytes();
      lostOnDisk = open.lost().count();
    }
  }

  boolean hasUnwritten() {
    synchronized (lock) {
      return !unwritten.isEmpty();
    }
  }

  boolean needsStore() {
    return isKeptOnDisk()
        && (journal == null || !journal.isNoted() || backlogFailed || hasUnwritten());
  }

  boolean isEmpty() {
    synchronized (lock) {
      return fresh.isEmpty() && returned.isEmpty() && readFrom >= readEnd;
    }
  }

  /** The next to send; null if there is none. @param inFlight what is not to be read again */
  @Nullable Entry next(Collection<Entry> inFlight) {
    Entry entry = returned.poll();
    if (entry != null) {
      return entry;
    }
    boolean fromBacklog = backlogIsNext;
    backlogIsNext = !backlogIsNext;
    entry = fromBacklog ? readBacklog(inFlight) : pollFresh();
    if (entry == null) {
      entry = fromBacklog ? pollFresh() : readBacklog(inFlight);
    }
    return entry;
  }

  private @Nullable Entry pollFresh() {
    synchronized (lock) {
      Entry oldest = fresh.poll();
      freshBytes -= oldest == null ? 0 : oldest.bytes();
      return oldest;
    }
  }

  private @Nullable Entry readBacklog(Collection<Entry> inFlight) {
    Journal open = journal;
    while (open != null && readFrom < readEnd && !backlogFailed) {
      Journal.Entry record;
      try {
        record = open.read(readFrom);
      } catch (IOException e) {
        backlogNotRead(e);
        return null;
      }
      boolean over = record == null || record.number() >= readEnd;
      long reached = over ? readEnd : record.number();
      backlogSinceMs = over ? Long.MAX_VALUE : record.timeMs();
      giveUpFollowed(reached, DropReason.DAMAGED);
      readFrom = over ? readEnd : reached + 1;
      Entry entry = over || isInMemory(reached, inFlight) ? null : entryOf(record);
      if (readFrom >= readEnd || entry != null) {
        look();
      }
      if (entry != null) {
        return entry;
      }
    }
    return null;
  }

  private void backlogNotRead(IOException failure) {
    backlogFailed = true;
    LOG.warn("Backlog not read class={} reason={}", messageClass, failure.toString());
  }

  private boolean isInMemory(long number, Collection<Entry> inFlight) {
    return Stream.concat(inFlight.stream(), returned.stream())
        .anyMatch(entry -> entry.messageClass == messageClass && entry.number == number);
  }

  private @Nullable Entry entryOf(Journal.Entry record) {
    try {
      Message message = Message.decode(record.bytes(), record.timeMs());
      Entry entry = new Entry(messageClass, message, followed.remove(record.number()));
      entry.number = record.number();
      synchronized (lock) {
        count(entry);
      }
      return entry;
    } catch (IllegalArgumentException e) {
      LOG.warn("Record of another version passed over class={}", messageClass);
      losses.add(messageClass, 1, record.timeMs(), record.timeMs());
      if (journal != null) {
        journal.done(record.number());
      }
      return null;
    }
  }

  /** It was in flight when the connection broke, and is next again. */
  void giveBack(Entry entry) {
    returned.addFirst(entry);
  }

  /** It need not be kept any longer. */
  void settled(Entry entry) {
    entry.settled = true;
    if (entry.isWritten() && journal != null) {
      journal.done(entry.number);
    }
    synchronized (lock) {
      while (!unwritten.isEmpty() && unwritten.peekFirst().settled) {
        unwritten.pollFirst();
      }
    }
  }

  /**
   * Writes what is not on the disk yet, and what is done; returns when it is there.
   *
   * @param onStored told of each batch that is there, also if a later one fails
   */
  void store(Path stateDirectory, Consumer<List<Entry>> onStored) throws IOException {
    if (!isKeptOnDisk()) {
      return;
    }
    boolean written = false;
    backlogFailed = false;
    open(stateDirectory);
    Journal open = journal;
    while (open != null) {
      List<Entry> batch = new ArrayList<>();
      int taken = takeBatch(open, batch);
      if (taken == 0) {
        break;
      }
      if (!batch.isEmpty()) {
        number(batch, open.write(contents(batch)));
        written = true;
        onStored.accept(batch);
      }
      dropUnwritten(taken);
    }
    if (open != null && !written) {
      open.noteDone();
    }
    giveUpFollowed(open == null ? 0 : open.firstOpen(), DropReason.MADE_ROOM);
    readFrom = open == null ? readFrom : Math.max(readFrom, Math.min(readEnd, open.firstOpen()));
    look();
  }

  /** @return how many entries to take off {@link #unwritten}, those that are settled included */
  private int takeBatch(Journal open, List<Entry> batch) {
    long size = 0;
    int taken = 0;
    synchronized (lock) {
      Iterator<Entry> entries = unwritten.iterator();
      while (entries.hasNext() && size < BATCH_BYTES) {
        Entry entry = entries.next();
        if (!entry.settled) {
          size += entry.bytes() + 128;
          if (limits.policy(messageClass) == DropPolicy.NEWEST && !open.hasRoom(size)) {
            break; // It stays in memory, until there is no room there either.
          }
          batch.add(entry);
        }
        taken++;
      }
    }
    return taken;
  }

  private static List<Journal.Content> contents(List<Entry> batch) {
    return batch.stream()
        .map(entry -> new Journal.Content(entry.timeMs(), entry.message.encode()))
        .toList();
  }

  private static void number(List<Entry> batch, long first) {
    long number = first;
    for (Entry entry : batch) {
      entry.number = number++;
    }
  }

  private void dropUnwritten(int count) {
    synchronized (lock) {
      for (int i = 0; i < count; i++) {
        unwritten.pollFirst();
      }
    }
  }

  /** Whether memory fills up with what waits; on the disk alone it would wait as well. */
  boolean isCrowded() {
    synchronized (lock) {
      return isKeptOnDisk() && isMoreThan(limits.messages() / 2, mostBytes());
    }
  }

  private boolean isMoreThan(int waiting, long bytesWaiting) {
    return fresh.size() > waiting || freshBytes > bytesWaiting;
  }

  private long mostBytes() {
    return Math.min(limits.bytes() / 2, limits.journalBytes(messageClass) / 4);
  }

  /** Leaves the oldest that wait, and are written, to the disk. */
  void spill() {
    synchronized (lock) {
      while (isMoreThan(limits.messages() / 4, mostBytes() / 2)) {
        Entry oldest = fresh.peekFirst();
        if (oldest == null || !oldest.isWritten()) {
          break;
        }
        pollFresh();
        forget(oldest);
        if (readFrom >= readEnd) {
          readFrom = oldest.number;
          backlogSinceMs = oldest.timeMs();
        }
        readEnd = oldest.number + 1;
        if (oldest.receipt != null) {
          followed.put(oldest.number, oldest.receipt);
        }
      }
    }
    Iterator<Receipt> eldest = followed.values().iterator();
    for (int over = followed.size() - limits.messages(); over > 0; over--) {
      onGivenUp.accept(eldest.next(), DropReason.NOT_FOLLOWED);
      eldest.remove();
    }
    look();
  }

  private void giveUpFollowed(long before, DropReason reason) {
    Iterator<Map.Entry<Long, Receipt>> oldest = followed.entrySet().iterator();
    while (oldest.hasNext()) {
      Map.Entry<Long, Receipt> next = oldest.next();
      if (next.getKey() >= before) {
        return;
      }
      onGivenUp.accept(next.getValue(), reason);
      oldest.remove();
    }
  }

  /** Gives up all that is in memory, and closes the files; what is in them stays. */
  List<Entry> close() {
    List<Entry> left = new ArrayList<>(returned);
    returned.clear();
    synchronized (lock) {
      left.addAll(fresh);
      fresh.clear();
      freshBytes = 0;
      unwritten.clear();
    }
    followed.values().forEach(receipt -> onGivenUp.accept(receipt, DropReason.CLOSED));
    followed.clear();
    if (journal != null) {
      try {
        journal.close();
      } catch (IOException e) {
        LOG.warn("Journal not closed class={} reason={}", messageClass, e.toString());
      }
      journal = null;
    }
    return left;
  }
}
