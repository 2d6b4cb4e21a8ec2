/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.outbound;

import static java.util.Objects.requireNonNull;

import dev.muster.device.DeviceClosedException;
import dev.muster.device.DropReason;
import dev.muster.device.MessageClass;
import dev.muster.device.PublishDroppedException;
import dev.muster.device.PublishException;
import dev.muster.device.PublishQueueFullException;
import dev.muster.device.PublishReceipt;
import dev.muster.device.PublishReceipt.Status;
import dev.muster.device.PublishRefusedException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.clock.Stamp;
import dev.muster.device.internal.journal.Journal.Lost;
import dev.muster.device.internal.log.DeviceLogger;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.telemetry.SenmlJson;
import dev.muster.protocol.topic.FleetTopics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * What has not been acknowledged: waiting or in flight, in memory or on the disk, alarms first.
 * {@link #submit} may be called by any thread; the rest by the owner thread.
 *
 * <p>A message leaves the count of those in memory only when its future is completed, so a caller
 * that is slow to notice acknowledgements meets the limit, too.
 */
public final class OutboundQueue {
  private static final Logger LOG = DeviceLogger.of(OutboundQueue.class);
  private static final int FIRST_FAILURE = 0x80;
  private static final int MAX_PAYLOAD_BYTES = 256 * 1024;

  /** Losses are told on it. */
  private static final String OWN_STREAM = "sdk";

  /** Events are not counted among telemetry, where the backend looks for gaps. */
  private static final String EVENTS = "-e";

  private final String boot;
  private final QueueLimits limits;
  private final DeviceClock clock;
  private final Executor callbacks;
  private final Losses losses = new Losses();
  private final Object lock = new Object();
  private final Map<MessageClass, Lane> lanes = new EnumMap<>(MessageClass.class);
  private final Set<Entry> inFlight = new LinkedHashSet<>();
  private Runnable wakeUp = () -> {};
  private @Nullable Path stateDirectory;
  private boolean reportRefused;
  private volatile @Nullable String storageProblem;
  private long lastSequence;
  private long lastEvent;
  private boolean closed;
  private long acknowledged;
  private long refused;
  private long overflowed;
  private long stored;

  public OutboundQueue(String boot, QueueLimits limits, DeviceClock clock, Executor callbacks) {
    this.boot = requireNonNull(boot, "boot");
    this.limits = limits;
    this.clock = clock;
    this.callbacks = callbacks;
    for (MessageClass messageClass : MessageClass.values()) {
      lanes.put(messageClass, new Lane(messageClass, limits, losses, lock, this::giveUp));
    }
  }

  private Lane lane(MessageClass messageClass) {
    return requireNonNull(lanes.get(messageClass), "messageClass");
  }

  /** Takes a message, or says at once why not. */
  public PublishReceipt submit(
      MessageClass messageClass, Message.Kind kind, String name, byte[] payload) {
    FleetTopics.checkName(kind == Message.Kind.EVENT ? "event" : "stream", name);
    List<Receipt> dropped = new ArrayList<>();
    Runnable wake;
    Receipt receipt;
    synchronized (lock) {
      receipt = accept(messageClass, kind, name, payload, dropped);
      wake = wakeUp;
    }
    // Without the lock: they may run what the user has hung on to them.
    dropped.forEach(other -> giveUp(other, DropReason.MADE_ROOM));
    wake.run();
    return receipt;
  }

  private Receipt accept(
      MessageClass messageClass,
      Message.Kind kind,
      String name,
      byte[] payload,
      List<Receipt> dropped) {
    MessageIdentity identity = kind == Message.Kind.EVENT
        ? new MessageIdentity(boot + EVENTS, ++lastEvent)
        : new MessageIdentity(boot, ++lastSequence);
    Receipt receipt = new Receipt(identity);
    Lane lane = lane(messageClass);
    Stamp stamp = clock.stamp();
    PublishException obstacle = obstacle(lane, payload.length, dropped);
    if (obstacle == null) {
      lane.offer(
          new Entry(messageClass, new Message(kind, name, payload, identity, stamp), receipt));
      return receipt;
    }
    if (!closed) {
      overflowed++;
      losses.add(messageClass, 1, stamp.timeMs(), stamp.timeMs());
    }
    receipt.reach(obstacle);
    receipt.fail(obstacle); // Nobody has it yet.
    return receipt;
  }

  private @Nullable PublishException obstacle(Lane lane, int size, List<Receipt> dropped) {
    if (closed) {
      return new DeviceClosedException("the device is closed");
    }
    if (size > MAX_PAYLOAD_BYTES) {
      return new PublishDroppedException(
          DropReason.TOO_LARGE,
          "payload: " + size + " bytes (expected: at most " + MAX_PAYLOAD_BYTES + ")");
    }
    if (!lane.makeRoom(size, dropped)) {
      return new PublishQueueFullException("queue: full with " + lane.messages() + " messages, "
          + lane.bytes() + " bytes (expected: at most " + limits.messages() + " messages, "
          + limits.bytes() + " bytes)");
    }
    return null;
  }

  /** Calls {@code task} on the submitting thread after each submission; it must not block. */
  public void onSubmit(Runnable task) {
    synchronized (lock) {
      wakeUp = task;
    }
  }

  /** From now on messages are kept on disk, and what an earlier start has left there is sent. */
  public void keepIn(Path directory) {
    stateDirectory = directory;
    attempt(() -> {
      for (Lane lane : lanes.values()) {
        lane.open(directory);
      }
    });
  }

  /** Moves the next message into flight; null if there is none. */
  public @Nullable Entry takeNext() {
    for (Lane lane : lanes.values()) {
      Entry entry = lane.next(inFlight);
      if (entry != null) {
        inFlight.add(entry);
        if (entry.receipt != null) {
          entry.receipt.reach(Status.SENT);
        }
        return entry;
      }
    }
    return null;
  }

  public int inFlight() {
    return inFlight.size();
  }

  public boolean isEmpty() {
    return inFlight.isEmpty() && lanes.values().stream().allMatch(Lane::isEmpty);
  }

  /** The connection is gone: what was in flight is next again, in its old order. */
  public void returnInFlight() {
    reportRefused = false;
    List<Entry> entries = new ArrayList<>(inFlight);
    inFlight.clear();
    for (int i = entries.size() - 1; i >= 0; i--) {
      lane(entries.get(i).messageClass).giveBack(entries.get(i));
    }
  }

  /** The broker has decided. */
  public void settle(Entry entry, int reason, String detail) {
    if (!inFlight.remove(entry)) {
      return; // Settled before: a late answer of a former connection.
    }
    lane(entry.messageClass).settled(entry);
    boolean success = reason < FIRST_FAILURE;
    synchronized (lock) {
      if (success) {
        acknowledged++;
      } else {
        refused++;
      }
    }
    if (!success) {
      addLoss(entry);
    }
    complete(entry, success ? null : new PublishRefusedException(reason, detail));
  }

  /** What a report told that the broker has refused was not told. */
  private void addLoss(Entry entry) {
    Map<MessageClass, Lost> told = entry.receipt == null ? null : entry.receipt.losses();
    if (told == null) {
      losses.add(entry.messageClass, 1, entry.timeMs(), entry.timeMs());
    } else {
      losses.putBack(told);
      reportRefused = true;
    }
  }

  /** Whether {@link #store} would write anything. */
  public boolean needsStore() {
    return lanes.values().stream().anyMatch(Lane::needsStore);
  }

  /**
   * As {@link #store}, but only what cannot wait: alarms, and others if memory fills up. A disk
   * that fails is not asked again for each message, only when it is time for all.
   */
  public void storeUrgent() {
    if (storageProblem != null) {
      return;
    }
    if (lane(MessageClass.ALARM).hasUnwritten()) {
      store(MessageClass.ALARM);
    }
    if (lane(MessageClass.TELEMETRY).isCrowded()) {
      store(MessageClass.TELEMETRY);
    }
  }

  /** Writes what waits for the disk, and what is done. Blocks until that is so. */
  public void store(MessageClass messageClass) {
    Path directory = stateDirectory;
    Lane lane = lane(messageClass);
    if (directory == null || !lane.needsStore()) {
      return;
    }
    attempt(() -> {
      lane.store(directory, this::tellStored);
      if (lane.isCrowded()) {
        lane.spill();
      }
    });
  }

  private void tellStored(List<Entry> written) {
    List<Receipt> receipts = new ArrayList<>(written.size());
    for (Entry entry : written) {
      if (entry.receipt != null) {
        receipts.add(entry.receipt);
        entry.receipt.written();
      }
    }
    synchronized (lock) {
      stored += written.size();
    }
    callBack(() -> receipts.forEach(Receipt::completeStored));
  }

  private interface Storage {
    void run() throws IOException;
  }

  private void attempt(Storage storage) {
    try {
      storage.run();
      storageProblem = null;
    } catch (IOException e) {
      if (storageProblem == null) {
        LOG.warn(
            "Messages not kept on disk, goes on in memory boot={} reason={}", boot, e.toString());
      }
      storageProblem = e.toString();
    }
  }

  /** Why messages are kept in memory only; null if all is well. */
  public @Nullable String storageProblem() {
    return storageProblem;
  }

  /**
   * Tells the backend what was dropped or refused since it was last told. A broker that refuses
   * that as well is told again over the next connection.
   */
  public void reportLosses() {
    if (reportRefused) {
      return;
    }
    Map<MessageClass, Lost> taken = losses.take();
    Map<MessageClass, Lost> all = new EnumMap<>(taken);
    lanes.values().forEach(lane -> lane.addLosses(all));
    if (all.isEmpty()) {
      return;
    }
    if (submitReport(all)) {
      lanes.values().forEach(Lane::lossesTold);
    } else {
      losses.putBack(taken);
    }
  }

  /** There being no room for it is no loss: it has no number yet, and is written anew later. */
  private boolean submitReport(Map<MessageClass, Lost> all) {
    byte[] payload = SenmlJson.write(Losses.report(all, clock.instant()));
    List<Receipt> dropped = new ArrayList<>(); // Stays empty: telemetry goes from the disk only.
    Runnable wake;
    synchronized (lock) {
      if (obstacle(lane(MessageClass.TELEMETRY), payload.length, dropped) != null) {
        return false;
      }
      accept(MessageClass.TELEMETRY, Message.Kind.TELEMETRY, OWN_STREAM, payload, dropped)
          .tells(all);
      wake = wakeUp;
    }
    wake.run();
    return true;
  }

  /** Refuses everything new. */
  public void close() {
    synchronized (lock) {
      closed = true;
    }
  }

  /** Stores what is left, and gives up its futures. */
  public void abandon(String reason) {
    close();
    returnInFlight();
    store(MessageClass.ALARM);
    store(MessageClass.TELEMETRY);
    for (Lane lane : lanes.values()) {
      Collection<Entry> left = lane.close();
      for (Entry entry : left) {
        complete(
            entry,
            new DeviceClosedException(
                entry.isWritten()
                    ? reason + "; it is stored, and sent after the next start"
                    : reason));
      }
    }
  }

  /** The counts, taken together. */
  public Counts counts() {
    int messages = 0;
    long bytes = 0;
    long onDisk = 0;
    long diskBytes = 0;
    long lost = 0;
    long oldestMs = Long.MAX_VALUE;
    synchronized (lock) {
      for (Lane lane : lanes.values()) {
        oldestMs = Math.min(oldestMs, lane.oldestMs());
        messages += lane.messages();
        bytes += lane.bytes();
        onDisk += lane.backlog();
        diskBytes += lane.journalBytes();
        lost += lane.lostOnDisk();
      }
      return new Counts(
          messages,
          bytes,
          acknowledged,
          refused,
          overflowed,
          stored,
          onDisk,
          diskBytes,
          lost + losses.total(),
          oldestMs);
    }
  }

  /**
   * See {@link #counts}.
   *
   * @param messages in memory
   * @param bytes of payload in memory
   * @param stored were written to the disk
   * @param backlog are on the disk only
   * @param journalBytes are taken on the disk
   * @param lost were dropped or refused, whatever the reason
   * @param oldestMs when the oldest that waits was submitted, by the device's clock; the greatest
   *     number if none waits
   */
  public record Counts(
      int messages,
      long bytes,
      long acknowledged,
      long refused,
      long overflowed,
      long stored,
      long backlog,
      long journalBytes,
      long lost,
      long oldestMs) {}

  private void complete(Entry entry, @Nullable PublishException failure) {
    Receipt receipt = entry.receipt;
    if (receipt != null && failure == null) {
      receipt.reach(Status.ACKNOWLEDGED);
    } else if (receipt != null) {
      receipt.reach(failure);
    }
    callBack(() -> {
      synchronized (lock) {
        lane(entry.messageClass).forget(entry);
      }
      if (receipt != null && failure == null) {
        receipt.complete();
      } else if (receipt != null) {
        receipt.fail(failure);
      }
    });
  }

  private void giveUp(Receipt receipt, DropReason reason) {
    PublishException failure = switch (reason) {
      case NOT_FOLLOWED ->
        new PublishDroppedException(
            reason, "the message is stored and will be sent; too many others are waited for");
      case CLOSED ->
        new DeviceClosedException(
            "the device was closed; the message is stored, and sent after the next start");
      case DAMAGED -> new PublishDroppedException(reason, "the message could not be read back");
      default -> new PublishDroppedException(reason, "the message made room for newer ones");
    };
    receipt.reach(failure);
    callBack(() -> receipt.fail(failure));
  }

  private void callBack(Runnable task) {
    try {
      callbacks.execute(task);
    } catch (RejectedExecutionException e) {
      task.run();
    }
  }
}
