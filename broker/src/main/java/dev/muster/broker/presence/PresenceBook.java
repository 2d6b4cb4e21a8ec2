/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.SessionListener;
import dev.muster.broker.state.StateStore;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes which device is connected and which was, and tells whoever listens. Safe for use by several
 * threads.
 */
public final class PresenceBook implements SessionListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PresenceBook.class);
  /** How many connections of a device are remembered. */
  public static final int MAX_KEPT = 1_000;

  private static final Duration MAX_AGE = Duration.ofDays(90);
  private static final int MAX_REASON = 200;
  private static final String STOPPED = "the broker stopped";
  private static final long START_SECONDS = 60;
  private static final long WRITE_SECONDS = 10;
  private static final int AT_ONCE = 100;

  private final StateStore store;
  private final Clock clock;
  private final PresenceAnnouncer announcer;
  private final PresenceListener listener;
  private final Object telling = new Object();
  private final Counter dropped;
  private final AtomicLong lastId = new AtomicLong();
  /** The connection of each device that is there. */
  private final ConcurrentMap<DeviceId, ClientSession> online = new ConcurrentHashMap<>();
  /** What the rows of connections are called, by session. */
  private final ConcurrentMap<Long, Long> rows = new ConcurrentHashMap<>();

  private final Set<DeviceId> grown = ConcurrentHashMap.newKeySet();

  private PresenceBook(
      StateStore store,
      Clock clock,
      PresenceAnnouncer announcer,
      PresenceListener listener,
      MeterRegistry meters) {
    this.store = store;
    this.clock = clock;
    this.announcer = announcer;
    this.listener = listener;
    this.dropped = Counter.builder("muster.presence.dropped")
        .description("Connections and ends of connections that could not be noted")
        .register(meters);
  }

  /**
   * Opens the book. Nobody is connected yet: what a broker that was killed left open is closed.
   * Blocks.
   *
   * @param listener hears of all that are known before this returns
   * @throws IllegalStateException if the store cannot be used
   */
  public static PresenceBook open(
      StateStore store,
      DevicePublisher publisher,
      PresenceListener listener,
      Clock clock,
      MeterRegistry meters) {
    PresenceBook book =
        new PresenceBook(store, clock, new PresenceAnnouncer(publisher), listener, meters);
    Instant now = clock.instant();
    CompletableFuture<Map<DeviceId, Presence>> known = store.write(connection -> {
      PresenceTable table = new PresenceTable(connection);
      table.closeAll(now, STOPPED);
      book.lastId.set(table.maxConnection());
      return table.all();
    });
    try {
      known.get(START_SECONDS, TimeUnit.SECONDS).forEach((device, presence) -> {
        book.announcer.prepare(device, presence);
        listener.changed(device, null, presence.since()); // Nobody is, so early.
      });
      return book;
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("presence cannot be read", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Tells of all known devices; to be called when the broker runs. Returns at once. */
  public void announce() {
    announcer.announceAll();
  }

  @Override
  public void live(ClientSession session) {
    if (!session.subject().isDevice()) {
      listener.programCame(session.credential().serialText());
      return;
    }
    DeviceId device = deviceOf(session);
    long row = lastId.incrementAndGet();
    rows.put(session.id(), row);
    online.put(device, session);
    grown.add(device);
    Presence presence =
        new Presence(fleetOf(session), true, session.connection().since(), "connected");
    announcer.announce(device, presence);
    tell(device, presence.since());
    note(connection -> {
      PresenceTable table = new PresenceTable(connection);
      table.open(row, session);
      table.save(device, presence);
    });
  }

  @Override
  public void ended(ClientSession session, String reason) {
    Long row = rows.remove(session.id());
    if (row == null) {
      return;
    }
    DeviceId device = deviceOf(session);
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    String shown = reason.substring(0, Math.min(MAX_REASON, reason.length()));
    Presence presence = new Presence(fleetOf(session), false, now, shown);
    // If another connection of the device has taken its place, the device is there still.
    boolean gone = online.remove(device, session);
    if (gone) {
      announcer.announce(device, presence);
      tell(device, now);
    }
    note(connection -> {
      PresenceTable table = new PresenceTable(connection);
      table.close(row, now, shown);
      if (gone) {
        table.save(device, presence);
      }
    });
  }

  /** Tells how it is by now: who comes to tell late, tells of what has become of it since. */
  private void tell(DeviceId device, Instant at) {
    synchronized (telling) {
      ClientSession there = online.get(device);
      listener.changed(device, there == null ? null : there.credential().serialText(), at);
    }
  }

  private interface Note {
    void write(Connection connection) throws SQLException;
  }

  private void note(Note note) {
    store
        .write(connection -> {
          note.write(connection);
          return true;
        })
        .exceptionally(failure -> {
          dropped.increment();
          return false;
        });
  }

  private static DeviceId deviceOf(ClientSession session) {
    return new DeviceId(session.subject().commonName());
  }

  private static FleetName fleetOf(ClientSession session) {
    return new FleetName(Optional.ofNullable(session.subject().organization()).orElseThrow());
  }

  /** Whether a device is connected; empty if it never was. Blocks. */
  public Optional<Presence> find(DeviceId device) throws SQLException {
    return store.read(connection -> new PresenceTable(connection).find(device));
  }

  /** How many devices are connected now. */
  public int online() {
    return online.size();
  }

  /** How many devices are or were connected. Blocks. */
  public long known() throws SQLException {
    return store.read(connection -> new PresenceTable(connection).count());
  }

  /** How many devices of some fleets are connected, or only were. Blocks. */
  public long count(List<String> fleets, boolean online) throws SQLException {
    return store.read(connection -> new PresenceTable(connection).count(fleets, online));
  }

  /** By id, those that are there or not, after a device. Blocks. */
  public Map<DeviceId, Presence> list(boolean online, String after, int limit) throws SQLException {
    return list(List.of(), online, after, limit);
  }

  /**
   * As above.
   *
   * @param fleets of which; none for all
   */
  public Map<DeviceId, Presence> list(List<String> fleets, boolean online, String after, int limit)
      throws SQLException {
    return store.read(
        connection -> new PresenceTable(connection).list(fleets, online, after, limit));
  }

  /** Those of some devices; who never was connected is left out. Blocks. */
  public Map<DeviceId, Presence> of(List<DeviceId> devices) throws SQLException {
    return store.read(connection -> {
      PresenceTable table = new PresenceTable(connection);
      Map<DeviceId, Presence> found = new LinkedHashMap<>();
      for (DeviceId device : devices) {
        table.find(device).ifPresent(presence -> found.put(device, presence));
      }
      return found;
    });
  }

  /** The connections of a device before an id, the newest first. Blocks. */
  public List<DeviceConnection> connections(DeviceId device, long before, int limit)
      throws SQLException {
    return store.read(connection -> new PresenceTable(connection).list(device, before, limit));
  }

  /** Forgets what is old or too much. Blocks; called every now and then. */
  public void forget() {
    List<DeviceId> devices = new ArrayList<>(grown);
    grown.removeAll(devices);
    for (int i = 0; i < devices.size(); i += AT_ONCE) {
      List<DeviceId> some = devices.subList(i, Math.min(devices.size(), i + AT_ONCE));
      kept(store.write(connection -> {
        for (DeviceId device : some) {
          new PresenceTable(connection).keepNewest(device, MAX_KEPT);
        }
        return false;
      }));
    }
    Instant oldest = clock.instant().minus(MAX_AGE);
    boolean more;
    do {
      more = kept(store.write(connection -> new PresenceTable(connection).forgetBefore(oldest)));
    } while (more);
  }

  private static boolean kept(CompletableFuture<Boolean> written) {
    try {
      return written.get(WRITE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("Connections not brought up to date error={}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return false;
  }

  /** Notes the end of what is there still. */
  @Override
  public void close() {
    announcer.close();
    Instant now = clock.instant();
    kept(store.write(connection -> {
      new PresenceTable(connection).closeAll(now, STOPPED);
      return false;
    }));
    for (DeviceId device : Set.copyOf(online.keySet())) {
      online.remove(device);
      tell(device, now);
    }
  }
}
