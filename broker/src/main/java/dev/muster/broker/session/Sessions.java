/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import dev.muster.broker.authz.TopicPolicy;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The sessions of this broker. Safe for use by several threads. */
public final class Sessions {
  /** How long a client may take from its authentication to its CONNACK. */
  private static final Duration LIMBO = Duration.ofMinutes(1);

  private final AtomicLong ids = new AtomicLong();
  private final ConcurrentMap<Long, ClientSession> byId = new ConcurrentHashMap<>();
  private final ConcurrentMap<String, ClientSession> liveByName = new ConcurrentHashMap<>();
  /** Sets that are replaced, never changed: nearly all of them have one session. */
  private final ConcurrentMap<Certificate, Set<ClientSession>> byCertificate =
      new ConcurrentHashMap<>();

  private record Certificate(String authority, BigInteger serial) {
    static Certificate of(ClientSession.Credential credential) {
      return new Certificate(credential.authority(), credential.serial());
    }
  }

  /** Notes a client that is authenticated; {@link #markLive} follows, or {@link #close}. */
  public ClientSession open(
      ClientSession.Credential credential,
      ClientSession.Connection connection,
      TopicPolicy policy) {
    ClientSession session =
        new ClientSession(ids.incrementAndGet(), credential, connection, policy);
    byId.put(session.id(), session);
    byCertificate.merge(Certificate.of(credential), Set.of(session), Sessions::both);
    return session;
  }

  public Optional<ClientSession> find(long id) {
    return Optional.ofNullable(byId.get(id));
  }

  /** Notes that the client was told that it is connected. */
  public void markLive(ClientSession session) {
    session.markLive();
    liveByName.put(session.brokerClientId(), session);
  }

  /** Forgets a session whose connection has ended. */
  public void close(ClientSession session) {
    session.markClosed();
    byId.remove(session.id());
    byCertificate.computeIfPresent(
        Certificate.of(session.credential()), (certificate, same) -> without(same, session));
    liveByName.remove(session.brokerClientId(), session);
  }

  private static Set<ClientSession> both(Set<ClientSession> some, Set<ClientSession> others) {
    Set<ClientSession> all = new HashSet<>(some);
    all.addAll(others);
    return Set.copyOf(all);
  }

  private static @Nullable Set<ClientSession> without(
      Set<ClientSession> all, ClientSession session) {
    Set<ClientSession> left = new HashSet<>(all);
    left.remove(session);
    return left.isEmpty() ? null : Set.copyOf(left);
  }

  /** All, also those that wait for their CONNACK: a snapshot. */
  public List<ClientSession> all() {
    return List.copyOf(byId.values());
  }

  /** The live session of a client id. */
  public Optional<ClientSession> liveOf(String clientId) {
    return byId.values().stream()
        .filter(session -> session.isLive() && session.clientId().equals(clientId))
        .findFirst();
  }

  /** The live session that HiveMQ knows by that name; whoever connects with it takes its place. */
  public Optional<ClientSession> liveAs(String brokerClientId) {
    return Optional.ofNullable(liveByName.get(brokerClientId));
  }

  /** The others that are connected, or about to be, with a certificate: a snapshot. */
  public List<ClientSession> othersOf(ClientSession.Credential credential, String brokerClientId) {
    Set<ClientSession> same = byCertificate.getOrDefault(Certificate.of(credential), Set.of());
    return same.stream()
        .filter(session -> !session.brokerClientId().equals(brokerClientId))
        .toList();
  }

  /** How many there are. */
  public int size() {
    return byId.size();
  }

  /** Forgets those that were authenticated long ago and never told so: their connection broke. */
  public void dropAbandoned(Instant now) {
    for (ClientSession session : byId.values()) {
      if (!session.isLive() && session.connection().since().plus(LIMBO).isBefore(now)) {
        close(session);
      }
    }
  }
}
