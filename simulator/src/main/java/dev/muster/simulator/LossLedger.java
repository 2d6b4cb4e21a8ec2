/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Remembers what a backend acknowledged, to hold it to that: an acknowledged message is stored, and
 * stored once.
 *
 * <p>Thread-safe. A remembered message costs about one bit.
 */
public final class LossLedger {
  private static final int MAX_EXAMPLES = 20;
  private static final int MAX_EVENTS = 100;

  /** Device, then boot, then the sequence numbers that were acknowledged. */
  private final Map<DeviceId, Map<String, BitSet>> acknowledged = new HashMap<>();

  private final Map<DeviceId, Deque<Event>> events = new HashMap<>();

  /** @param acknowledged how many messages of the device were, until then */
  private record Event(Duration at, String what, long acknowledged) {}

  private record Broken(DeviceMessage message, String how) {}

  /** One message of one device. */
  public record DeviceMessage(DeviceId device, MessageIdentity identity) {}

  /**
   * How stored messages compare with acknowledged ones.
   *
   * @param acknowledged messages that were acknowledged
   * @param lost of those, how many are not stored
   * @param duplicated messages of the same boots that are stored more than once
   * @param examplesOfLost up to 20
   * @param examplesOfDuplicated up to 20
   */
  public record Comparison(
      long acknowledged,
      long lost,
      long duplicated,
      List<DeviceMessage> examplesOfLost,
      List<DeviceMessage> examplesOfDuplicated) {
    public Comparison {
      examplesOfLost = List.copyOf(examplesOfLost);
      examplesOfDuplicated = List.copyOf(examplesOfDuplicated);
    }

    /** Whether every acknowledged message is stored, and none is stored twice. */
    public boolean clean() {
      return lost == 0 && duplicated == 0;
    }
  }

  /** Remembers that a message was acknowledged. */
  public synchronized void remember(DeviceId device, MessageIdentity identity) {
    acknowledged
        .computeIfAbsent(device, id -> new HashMap<>())
        .computeIfAbsent(identity.boot(), boot -> new BitSet())
        .set(Math.toIntExact(identity.sequence()));
  }

  /**
   * Remembers what happened to a device, for whoever has to explain a loss; of many things the
   * last.
   *
   * @param at since the run began
   */
  public synchronized void note(DeviceId device, Duration at, String what) {
    Deque<Event> notes = events.computeIfAbsent(device, id -> new ArrayDeque<>());
    if (notes.size() == MAX_EVENTS) {
      notes.remove();
    }
    notes.add(new Event(at, what, acknowledgedOf(device)));
  }

  private long acknowledgedOf(DeviceId device) {
    return acknowledged.getOrDefault(device, Map.of()).values().stream()
        .mapToLong(BitSet::cardinality)
        .sum();
  }

  /**
   * The shortest history of a device that shows a broken promise, a line for each event; empty if
   * none was broken.
   */
  public synchronized List<String> explain(Comparison comparison) {
    return Stream.concat(
            comparison.examplesOfLost().stream()
                .map(message -> new Broken(message, "was acknowledged and is not stored")),
            comparison.examplesOfDuplicated().stream()
                .map(message -> new Broken(message, "is stored more than once")))
        .min(Comparator.comparingInt(
            broken -> eventsOf(broken.message().device()).size()))
        .map(this::history)
        .orElse(List.of());
  }

  private Collection<Event> eventsOf(DeviceId device) {
    return events.getOrDefault(device, new ArrayDeque<>());
  }

  private List<String> history(Broken broken) {
    DeviceMessage message = broken.message();
    List<String> lines = new ArrayList<>();
    lines.add(String.format(
        Locale.ROOT,
        "%s: message %d of boot %s %s",
        message.device(),
        message.identity().sequence(),
        message.identity().boot(),
        broken.how()));
    eventsOf(message.device())
        .forEach(event -> lines.add(String.format(
            Locale.ROOT,
            "  %8.3f s  %s; %d acknowledged until then",
            event.at().toNanos() / 1e9,
            event.what(),
            event.acknowledged())));
    return lines;
  }

  /** How many different messages were acknowledged. */
  public synchronized long size() {
    return acknowledged.values().stream()
        .flatMap(boots -> boots.values().stream())
        .mapToLong(BitSet::cardinality)
        .sum();
  }

  /**
   * Looks every acknowledged message up in what is stored. Blocks while {@code stored} does. What
   * is stored without an acknowledgement is no fault: the acknowledgement may have been lost on its
   * way. Messages of boots that nothing here was acknowledged for are not looked at.
   */
  public Comparison compare(StoredMessages stored) {
    Tally tally = new Tally();
    copy().forEach((device, boots) -> tally.add(device, boots, stored.storedFor(device)));
    return tally.toComparison();
  }

  private synchronized Map<DeviceId, Map<String, BitSet>> copy() {
    Map<DeviceId, Map<String, BitSet>> copy = new TreeMap<>(Comparator.comparing(DeviceId::value));
    acknowledged.forEach((device, boots) -> {
      Map<String, BitSet> sequences = new TreeMap<>();
      boots.forEach((boot, numbers) -> sequences.put(boot, (BitSet) numbers.clone()));
      copy.put(device, sequences);
    });
    return Collections.unmodifiableMap(copy);
  }

  /** A comparison in the making; confined to the comparing thread. */
  private static final class Tally {
    private long acknowledged;
    private long lost;
    private long duplicated;
    private final List<DeviceMessage> examplesOfLost = new ArrayList<>();
    private final List<DeviceMessage> examplesOfDuplicated = new ArrayList<>();

    void add(DeviceId device, Map<String, BitSet> boots, Iterable<MessageIdentity> stored) {
      Map<String, BitSet> found = new HashMap<>();
      Map<String, BitSet> twice = new HashMap<>();
      for (MessageIdentity identity : stored) {
        // A sequence beyond int was never remembered, so it says nothing about what was.
        if (boots.containsKey(identity.boot()) && identity.sequence() < Integer.MAX_VALUE) {
          see(identity, found, twice);
        }
      }
      boots.forEach((boot, numbers) -> {
        acknowledged += numbers.cardinality();
        BitSet missing = (BitSet) numbers.clone();
        missing.andNot(found.getOrDefault(boot, new BitSet()));
        lost += missing.cardinality();
        exemplify(device, boot, missing, examplesOfLost);
        BitSet repeated = twice.getOrDefault(boot, new BitSet());
        duplicated += repeated.cardinality();
        exemplify(device, boot, repeated, examplesOfDuplicated);
      });
    }

    private static void see(
        MessageIdentity identity, Map<String, BitSet> found, Map<String, BitSet> twice) {
      int number = (int) identity.sequence();
      BitSet seen = found.computeIfAbsent(identity.boot(), boot -> new BitSet());
      if (seen.get(number)) {
        twice.computeIfAbsent(identity.boot(), boot -> new BitSet()).set(number);
      }
      seen.set(number);
    }

    private static void exemplify(
        DeviceId device, String boot, BitSet numbers, List<DeviceMessage> examples) {
      for (int number = numbers.nextSetBit(0);
          number >= 0 && examples.size() < MAX_EXAMPLES;
          number = numbers.nextSetBit(number + 1)) {
        examples.add(new DeviceMessage(device, new MessageIdentity(boot, number)));
      }
    }

    Comparison toComparison() {
      return new Comparison(acknowledged, lost, duplicated, examplesOfLost, examplesOfDuplicated);
    }
  }
}
