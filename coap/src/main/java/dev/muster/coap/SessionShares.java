/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.cert.X509Certificate;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.eclipse.californium.elements.util.Bytes;
import org.eclipse.californium.elements.util.ClockUtil;
import org.eclipse.californium.scandium.ConnectionListener;
import org.eclipse.californium.scandium.dtls.Connection;
import org.eclipse.californium.scandium.dtls.DTLSContext;
import org.jspecify.annotations.Nullable;

/**
 * Counts the sessions of each address: that from which the session was opened or resumed last; and
 * says which of them makes room for another one.
 *
 * <p>Thread-safe.
 */
final class SessionShares implements ConnectionListener {
  /** Within which a client may be expected to have said something. */
  private static final long INTRODUCTION_NANOS = TimeUnit.SECONDS.toNanos(30);
  /** One of so many places may be a stranger's while all are in use and others begin. */
  private static final int STRANGERS_SHARE = 4;
  /** Or whoever has one key could keep all places in use, from two addresses. */
  static final int OF_CERTIFICATE = 8;

  private final Shares shares;
  private final int strangersAtMost;
  private final long staleNanos;
  private final Consumer<Bytes> over;
  private final Consumer<Connection> forget;
  private final Map<Connection, Session> sessions = new IdentityHashMap<>();
  /** The newest of each id: one that is resumed has that of the one before. */
  private final Map<Bytes, Session> byId = new HashMap<>();
  /** The oldest of each certificate first. */
  private final Map<X509Certificate, Set<Session>> byCertificate = new HashMap<>();
  /** Those of {@link #sessions} that are kept for a resumption alone; closed first, first. */
  private final Set<Session> closed = new LinkedHashSet<>();

  /** Each is equal to itself alone, as connections are not: what they are equal by changes. */
  private static final class Session {
    private final Connection connection;
    private final InetAddress owner;
    private final Bytes id;
    private final @Nullable X509Certificate certificate;
    private final long since = ClockUtil.nanoRealtime();
    private boolean known;

    Session(Connection connection, InetAddress address, DTLSContext context) {
      this.connection = connection;
      this.owner = Shares.ownerOf(address);
      this.id = context.getSession().getSessionIdentifier();
      this.certificate = CoapsExchange.chainOf(context.getSession().getPeerIdentity()).stream()
          .findFirst()
          .orElse(null);
    }

    boolean isStrange() {
      return !known;
    }

    boolean hadTimeToIntroduceItself() {
      return ClockUtil.nanoRealtime() - since >= INTRODUCTION_NANOS;
    }

    long silenceNanos() {
      return ClockUtil.nanoRealtime() - connection.getLastMessageNanos();
    }
  }

  /**
   * @param staleNanos after which silence a session may have to make room
   * @param over told the id of a session that has ended, or was opened anew; more than once, too
   * @param forget told which connection is to be removed; must not wait for that
   * @param name that meters begin with
   */
  SessionShares(
      int limit,
      long staleNanos,
      Consumer<Bytes> over,
      Consumer<Connection> forget,
      String name,
      MeterRegistry meters) {
    this.shares = new Shares(limit);
    this.strangersAtMost = limit / STRANGERS_SHARE;
    this.staleNanos = staleNanos;
    this.over = over;
    this.forget = forget;
    Gauge.builder(name + ".sessions", this, SessionShares::size).register(meters);
    Gauge.builder(name + ".sessions.known", this, SessionShares::sizeOfKnown).register(meters);
  }

  /**
   * If there is no room for another session of {@code address}, one makes room for it: the oldest
   * of strangers, if it was there for a while or they are many; or else one whose client has said
   * goodbye; or else the one that was silent longest, if that was long enough. Where the address
   * has its share, it is one of its own.
   *
   * @return whether there is room
   */
  synchronized boolean makeRoom(InetAddress address) {
    while (!shares.isLeftFor(address)) {
      Session next = dispensable(address);
      if (next == null) {
        return false;
      }
      remove(next.connection);
      forget.accept(next.connection);
    }
    return true;
  }

  /** Looks at all of them, as often as handshakes may begin while they are used up. */
  private @Nullable Session dispensable(InetAddress address) {
    InetAddress owner = Shares.ownerOf(address);
    Predicate<Session> eligible =
        shares.isWithinShare(address) ? session -> true : session -> session.owner.equals(owner);
    boolean many = sessions.size() - sizeOfKnown() > strangersAtMost;
    return sessions.values().stream()
        .filter(eligible)
        .filter(Session::isStrange)
        .filter(session -> many || session.hadTimeToIntroduceItself() || closed.contains(session))
        .min(Comparator.comparingLong(session -> session.since))
        .or(() -> closed.stream().filter(eligible).findFirst())
        .or(() -> sessions.values().stream()
            .filter(eligible)
            .filter(session -> session.silenceNanos() >= staleNanos)
            .max(Comparator.comparingLong(Session::silenceNanos)))
        .orElse(null);
  }

  /** The service has served the client as one that it knows. */
  synchronized void known(Bytes id) {
    Session session = byId.get(id);
    if (session != null) {
      session.known = true;
    }
  }

  private synchronized int size() {
    return shares.sum();
  }

  private synchronized long sizeOfKnown() {
    return sessions.values().stream().filter(session -> session.known).count();
  }

  @Override
  public void onConnectionEstablished(Connection connection) {
    InetSocketAddress peer = connection.getPeerAddress();
    DTLSContext context = connection.getEstablishedDtlsContext();
    if (peer != null && context != null) {
      Session now = new Session(connection, peer.getAddress(), context);
      // Also one that is resumed: what was to be sent by its former keys is not sent any more.
      over.accept(now.id);
      Session before = replace(connection, now);
      if (before != null) {
        over.accept(before.id);
      }
    }
  }

  private synchronized @Nullable Session replace(Connection connection, Session now) {
    Session before = remove(connection);
    sessions.put(connection, now);
    Session resumed = byId.put(now.id, now);
    now.known = resumed != null && resumed.known;
    shares.take(now.owner);
    if (now.certificate != null) {
      Set<Session> same =
          byCertificate.computeIfAbsent(now.certificate, unseen -> new LinkedHashSet<>());
      same.add(now);
      if (same.size() > OF_CERTIFICATE) {
        Connection oldest = same.iterator().next().connection;
        remove(oldest);
        forget.accept(oldest);
      }
    }
    return before;
  }

  @Override
  public void onConnectionRemoved(Connection connection) {
    Session before = remove(connection);
    DTLSContext context = connection.getEstablishedDtlsContext();
    if (before != null) {
      overUnlessResumed(before.id);
    } else if (context != null) {
      // It had to make room, and was counted no more.
      overUnlessResumed(context.getSession().getSessionIdentifier());
    }
  }

  /** One that was resumed has a successor of its id, and what that observes goes on. */
  private void overUnlessResumed(Bytes id) {
    if (!isHere(id)) {
      over.accept(id);
    }
  }

  private synchronized boolean isHere(Bytes id) {
    return byId.containsKey(id);
  }

  private synchronized @Nullable Session remove(Connection connection) {
    Session before = sessions.remove(connection);
    if (before != null) {
      byId.remove(before.id, before);
      closed.remove(before);
      if (before.certificate != null) {
        byCertificate.computeIfPresent(before.certificate, (same, all) -> {
          all.remove(before);
          return all.isEmpty() ? null : all;
        });
      }
      shares.giveBack(before.owner);
    }
    return before;
  }

  @Override
  public boolean onConnectionUpdatesSequenceNumbers(Connection connection, boolean write) {
    return false;
  }

  @Override
  public boolean onConnectionMacError(Connection connection) {
    return false;
  }

  @Override
  public void beforeExecution(Connection connection) {}

  @Override
  public void updateExecution(Connection connection) {}

  /** A goodbye leaves the session, for a resumption; but whoever says it listens no more. */
  @Override
  public void afterExecution(Connection connection) {
    DTLSContext context = connection.getEstablishedDtlsContext();
    if (context != null && context.isMarkedAsClosed() && closed(connection)) {
      over.accept(context.getSession().getSessionIdentifier());
    }
  }

  /** @return whether it was not resumed meanwhile */
  private synchronized boolean closed(Connection connection) {
    Session session = sessions.get(connection);
    if (session == null) {
      return false;
    }
    closed.add(session);
    return session.equals(byId.get(session.id));
  }
}
