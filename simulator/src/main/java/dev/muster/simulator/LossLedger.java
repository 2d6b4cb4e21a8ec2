/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.payload.ContentChecksum;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.stream.Stream;

/**
 * Remembers what a backend acknowledged, to hold it to that: an acknowledged message is stored, as
 * it was sent, and once.
 *
 * <p>Thread-safe. A remembered message costs about four bytes.
 */
public final class LossLedger {
  /** A message that reached the backend so long after it was due is late. */
  public static final Duration LATE = Duration.ofSeconds(10);

  private static final int MAX_EXAMPLES = 20;
  private static final int MAX_EVENTS = 100;

  /**
   * Device, then boot, also one that only sent, then the sequence numbers that were acknowledged.
   */
  private final Map<DeviceId, Map<String, BitSet>> acknowledged = new HashMap<>();

  /** Device, then boot, then what was sent. */
  private final Map<DeviceId, Map<String, Checksums>> sent = new HashMap<>();

  /** Device, then boot, then how far its clock was ahead, then which messages it dated so. */
  private final Map<DeviceId, Map<String, Map<Duration, BitSet>>> ahead = new HashMap<>();

  private final Map<DeviceId, Deque<Event>> events = new HashMap<>();

  /** @param acknowledged how many messages of the device were, until then */
  private record Event(Duration at, String what, long acknowledged) {}

  /** Of the messages of a boot, by their numbers. */
  private static final class Checksums {
    private int[] values = new int[16];

    /** Of two messages with one number a backend has the first. */
    void add(int number, int checksum) {
      if (number >= values.length) {
        values = Arrays.copyOf(values, Math.max(number + 1, values.length + values.length / 2));
      }
      if (values[number] == ContentChecksum.UNKNOWN) {
        values[number] = checksum;
      }
    }

    int of(int number) {
      return number < values.length ? values[number] : ContentChecksum.UNKNOWN;
    }
  }

  private record Broken(DeviceMessage message, String how) {}

  /** One message of one device. */
  public record DeviceMessage(DeviceId device, MessageIdentity identity) {}

  /** So many messages, and up to 20 of them. */
  public record Found(long count, List<DeviceMessage> examples) {
    static final Found NONE = new Found(0, List.of());

    public Found {
      examples = List.copyOf(examples);
    }
  }

  /**
   * How stored messages compare with acknowledged ones.
   *
   * @param acknowledged messages that were acknowledged
   * @param lost of those, the ones that are not stored
   * @param duplicated messages of the same boots that are stored more than once
   * @param altered messages of the same boots that came back with another content than they had
   * @param deadLetters messages of the same boots that the backend keeps aside, though nothing was
   *     wrong with them
   * @param early the same, because they were dated by a clock that was ahead
   * @param reordered messages of the same boots that are stored behind one of their stream that was
   *     sent after them; not those that were kept aside
   * @param late messages of the same boots that came {@link #LATE} or more after they were due, by
   *     the clock of this machine, also if the device's was wrong
   * @param slowest how long the slowest of all was on its way; zero if nothing is stored
   */
  public record Comparison(
      long acknowledged,
      Found lost,
      Found duplicated,
      Found altered,
      Found deadLetters,
      Found early,
      Found reordered,
      Found late,
      Duration slowest) {
    /** Whether every acknowledged message is stored as it was sent, in its stream, and once. */
    public boolean clean() {
      return Stream.of(lost, duplicated, altered, deadLetters)
          .allMatch(found -> found.count() == 0);
    }
  }

  /**
   * Remembers that a message was sent: it may be stored, though nobody hears of it, but once, and
   * as it was.
   */
  public synchronized void sent(DeviceId device, MessageIdentity identity, int checksum) {
    numbers(device, identity);
    sent.computeIfAbsent(device, id -> new HashMap<>())
        .computeIfAbsent(identity.boot(), boot -> new Checksums())
        .add(Math.toIntExact(identity.sequence()), checksum);
  }

  private synchronized boolean isAltered(DeviceId device, StoredMessage message) {
    Checksums ofBoot =
        sent.getOrDefault(device, Map.of()).get(message.identity().boot());
    int before = ofBoot == null
        ? ContentChecksum.UNKNOWN
        : ofBoot.of((int) message.identity().sequence());
    return before != ContentChecksum.UNKNOWN && before != message.checksum();
  }

  /**
   * Remembers that a message was acknowledged.
   *
   * @return false if another one with its number was before, of which nothing could be told apart:
   *     a backend stores the first, and takes the second for that
   */
  public synchronized boolean remember(DeviceId device, MessageIdentity identity) {
    BitSet numbers = numbers(device, identity);
    int number = Math.toIntExact(identity.sequence());
    boolean first = !numbers.get(number);
    numbers.set(number);
    return first;
  }

  private BitSet numbers(DeviceId device, MessageIdentity identity) {
    return acknowledged
        .computeIfAbsent(device, id -> new HashMap<>())
        .computeIfAbsent(identity.boot(), boot -> new BitSet());
  }

  /** Remembers that a message was dated by a clock that was so far ahead of the right one. */
  public synchronized void dated(DeviceId device, MessageIdentity identity, Duration clockAhead) {
    ahead
        .computeIfAbsent(device, id -> new HashMap<>())
        .computeIfAbsent(identity.boot(), boot -> new HashMap<>())
        .computeIfAbsent(clockAhead, by -> new BitSet())
        .set(Math.toIntExact(identity.sequence()));
  }

  private synchronized Duration aheadOf(DeviceId device, MessageIdentity identity) {
    return ahead
        .getOrDefault(device, Map.of())
        .getOrDefault(identity.boot(), Map.of())
        .entrySet()
        .stream()
        .filter(dated -> dated.getValue().get((int) identity.sequence()))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElse(Duration.ZERO);
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
    return Stream.of(
            broken(comparison.lost(), "was acknowledged and is not stored"),
            broken(comparison.duplicated(), "is stored more than once"),
            broken(comparison.altered(), "is stored with another content than was sent"),
            broken(comparison.deadLetters(), "is kept aside as a dead letter"))
        .flatMap(all -> all)
        .min(Comparator.comparingInt(
            broken -> eventsOf(broken.message().device()).size()))
        .map(this::history)
        .orElse(List.of());
  }

  private static Stream<Broken> broken(Found found, String how) {
    return found.examples().stream().map(message -> new Broken(message, how));
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
   * way. Messages of boots that nothing was sent of here are not looked at.
   */
  public Comparison compare(StoredMessages stored) {
    return compare(stored, missing -> false);
  }

  /**
   * The same with a backend that may need a while until it shows what it has acknowledged.
   *
   * @param again is told how many are missing, waits if it likes, and says whether the devices that
   *     miss some are to be looked up again; asked as long as there are any
   */
  public Comparison compare(StoredMessages stored, LongPredicate again) {
    Tally tally = new Tally();
    Map<DeviceId, Map<String, BitSet>> left = copy();
    boolean last = false;
    while (!left.isEmpty()) {
      Map<DeviceId, Map<String, BitSet>> incomplete = new LinkedHashMap<>();
      long missing = 0;
      for (Map.Entry<DeviceId, Map<String, BitSet>> entry : left.entrySet()) {
        Tally one = new Tally();
        one.add(entry.getKey(), entry.getValue(), stored.storedFor(entry.getKey()));
        if (last || one.lost.count == 0) {
          tally.add(one);
        } else {
          incomplete.put(entry.getKey(), entry.getValue());
          missing += one.lost.count;
        }
      }
      left = incomplete;
      last = missing > 0 && !again.test(missing);
    }
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
  private final class Tally {
    private long acknowledged;
    private final Examples lost = new Examples();
    private final Examples duplicated = new Examples();
    private final Examples altered = new Examples();
    private final Examples deadLetters = new Examples();
    private final Examples early = new Examples();
    private final Examples reordered = new Examples();
    private final Examples late = new Examples();
    private Duration slowest = Duration.ZERO;

    void add(DeviceId device, Map<String, BitSet> boots, Iterable<StoredMessage> stored) {
      Map<String, BitSet> found = new HashMap<>();
      Map<String, BitSet> twice = new HashMap<>();
      Map<String, Long> last = new HashMap<>();
      for (StoredMessage message : stored) {
        MessageIdentity identity = message.identity();
        // A sequence beyond int was never remembered, so it says nothing about what was.
        if (boots.containsKey(identity.boot())
            && identity.sequence() < Integer.MAX_VALUE
            && isFirst(identity, found, twice)) {
          see(device, message, last);
        }
      }
      boots.forEach((boot, numbers) -> {
        acknowledged += numbers.cardinality();
        BitSet missing = (BitSet) numbers.clone();
        missing.andNot(found.getOrDefault(boot, new BitSet()));
        lost.add(device, boot, missing);
        duplicated.add(device, boot, twice.getOrDefault(boot, new BitSet()));
      });
    }

    void add(Tally other) {
      acknowledged += other.acknowledged;
      lost.add(other.lost);
      duplicated.add(other.duplicated);
      altered.add(other.altered);
      deadLetters.add(other.deadLetters);
      early.add(other.early);
      reordered.add(other.reordered);
      late.add(other.late);
      slowest = other.slowest.compareTo(slowest) > 0 ? other.slowest : slowest;
    }

    private static boolean isFirst(
        MessageIdentity identity, Map<String, BitSet> found, Map<String, BitSet> twice) {
      int number = (int) identity.sequence();
      BitSet seen = found.computeIfAbsent(identity.boot(), boot -> new BitSet());
      if (seen.get(number)) {
        twice.computeIfAbsent(identity.boot(), boot -> new BitSet()).set(number);
        return false;
      }
      seen.set(number);
      return true;
    }

    /** @param last the highest number so far, of each boot and stream */
    private void see(DeviceId device, StoredMessage message, Map<String, Long> last) {
      MessageIdentity identity = message.identity();
      Duration ahead = aheadOf(device, identity);
      if (isAltered(device, message)) {
        altered.add(new DeviceMessage(device, identity));
      }
      if (message.aside()) {
        Examples why = ahead.compareTo(Duration.ZERO) > 0 ? early : deadLetters;
        why.add(new DeviceMessage(device, identity));
      } else if (last.merge(
              identity.boot() + "/" + message.stream(), identity.sequence(), Math::max)
          > identity.sequence()) {
        reordered.add(new DeviceMessage(device, identity));
      }
      Duration byItsClock = message.underWay();
      if (byItsClock == null) {
        return;
      }
      Duration underWay = byItsClock.plus(ahead);
      if (underWay.compareTo(LATE) >= 0) {
        late.add(new DeviceMessage(device, identity));
      }
      if (underWay.compareTo(slowest) > 0) {
        slowest = underWay;
      }
    }

    Comparison toComparison() {
      return new Comparison(
          acknowledged,
          lost.toFound(),
          duplicated.toFound(),
          altered.toFound(),
          deadLetters.toFound(),
          early.toFound(),
          reordered.toFound(),
          late.toFound(),
          slowest);
    }
  }

  private static final class Examples {
    private final List<DeviceMessage> some = new ArrayList<>();
    private long count;

    void add(DeviceMessage message) {
      count++;
      if (some.size() < MAX_EXAMPLES) {
        some.add(message);
      }
    }

    void add(Examples others) {
      count += others.count;
      others.some.stream().limit(MAX_EXAMPLES - some.size()).forEach(some::add);
    }

    void add(DeviceId device, String boot, BitSet numbers) {
      numbers.stream()
          .forEach(number -> add(new DeviceMessage(device, new MessageIdentity(boot, number))));
    }

    Found toFound() {
      return new Found(count, some);
    }
  }
}
