/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import static java.util.Objects.requireNonNull;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.TopicPolicy;
import java.math.BigInteger;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One connection of one client, from its authentication to its end. Safe for use by several
 * threads.
 */
public final class ClientSession {
  /**
   * The certificate that let a client in, as far as it is asked for again.
   *
   * @param authority the id of the CA that issued it, {@code device-2} for example
   * @param notAfter the end of the certificate: the session ends with it
   */
  public record Credential(
      ClientSubject subject, String authority, BigInteger serial, Instant notAfter) {
    /** The serial number as operators see it: lower case hexadecimal. */
    public String serialText() {
      return serial.toString(16);
    }

    /** Names the certificate, as no two of a CA have one serial number. */
    String certificate() {
      return authority + "/" + serialText();
    }
  }

  /**
   * How the client is connected.
   *
   * @param keepAliveSeconds after one and a half times that without a word, HiveMQ ends it
   */
  public record Connection(
      String clientId,
      String address,
      boolean mqtt5,
      int keepAliveSeconds,
      Tls tls,
      Instant since) {
    /** The version of MQTT, for people. */
    public String mqttVersion() {
      return mqtt5 ? "5" : "3.1.1";
    }
  }

  /** What TLS agreed on: {@code TLSv1.3} and {@code TLS_AES_128_GCM_SHA256}, for example. */
  public record Tls(String protocol, String cipher) {}

  private final long id;
  private final Credential credential;
  private final Connection connection;
  private volatile TopicPolicy policy;
  /** Replaced, never changed: there are few, of each of very many clients. */
  private volatile Set<String> filters = Set.of();

  private volatile long checkedEpoch = -1;
  private volatile boolean live;
  private volatile boolean ending;
  private volatile boolean closed;
  /** Done when the broker has closed the connection; null if it has not begun to. */
  private volatile @Nullable CompletableFuture<Void> closing;

  /** Telemetry that is stored and may now go on to the subscribers; see {@link #takeIngested}. */
  private int ingested;

  ClientSession(long id, Credential credential, Connection connection, TopicPolicy policy) {
    this.id = id;
    this.credential = requireNonNull(credential, "credential");
    this.connection = requireNonNull(connection, "connection");
    this.policy = requireNonNull(policy, "policy");
  }

  public long id() {
    return id;
  }

  public Credential credential() {
    return credential;
  }

  public ClientSubject subject() {
    return credential.subject();
  }

  public Connection connection() {
    return connection;
  }

  public String clientId() {
    return connection.clientId();
  }

  /** The client id under which HiveMQ knows the client. */
  public String brokerClientId() {
    return brokerClientId(subject(), clientId());
  }

  /**
   * Principal and client id as one name. The attributes of a subject have no slash, so that the
   * names of two principals never meet, whatever ids they choose.
   */
  public static String brokerClientId(ClientSubject subject, String clientId) {
    String fleet = subject.organization() == null ? "" : subject.organization();
    return String.join(
        "/", subject.issuer(), subject.organizationalUnit(), fleet, subject.commonName(), clientId);
  }

  /** What the client may do now; it changes with the policy. */
  public TopicPolicy policy() {
    return policy;
  }

  void usePolicy(TopicPolicy other) {
    policy = other;
  }

  /** What the client is subscribed to: a snapshot. */
  public Set<String> filters() {
    return filters;
  }

  /**
   * Notes a subscription.
   *
   * @param most how many there may be
   * @return false if there are as many already, without this one
   */
  public synchronized boolean subscribed(String filter, int most) {
    if (filters.contains(filter)) {
      return true;
    }
    if (filters.size() >= most) {
      return false;
    }
    Set<String> more = new HashSet<>(filters);
    more.add(filter);
    filters = Set.copyOf(more);
    return true;
  }

  /** Notes that a subscription has ended. */
  public synchronized void unsubscribed(String filter) {
    Set<String> fewer = new HashSet<>(filters);
    fewer.remove(filter);
    filters = Set.copyOf(fewer);
  }

  /** The epoch of the revocations in which the certificate was last found good. */
  public long checkedEpoch() {
    return checkedEpoch;
  }

  public void setCheckedEpoch(long epoch) {
    checkedEpoch = epoch;
  }

  /** Whether the client was told that it is connected. */
  public boolean isLive() {
    return live;
  }

  /** Whether the connection is to end: what it has sent since is not worth any work. */
  public boolean isEnding() {
    return ending;
  }

  /** Notes that the connection is to end. */
  public void markEnding() {
    ending = true;
  }

  /** Whether the connection has ended: nothing goes to the client or is taken from it any more. */
  public boolean isClosed() {
    return closed;
  }

  /** Notes that the connection has ended; {@link Sessions#close} follows. */
  public void markClosed() {
    closed = true;
  }

  /**
   * Notes that the broker has begun to close the connection.
   *
   * @param closed done when it has: it may wait for a client that does not read what it is told
   */
  public synchronized void markClosing(CompletableFuture<Void> closed) {
    CompletableFuture<Void> before = closing;
    if (before == null || before.isDone()) {
      closing = closed;
    }
  }

  /** Whether the connection has ended, and nothing is left of it. */
  public boolean isGone() {
    CompletableFuture<Void> begun = closing;
    return closed && (begun == null || begun.isDone());
  }

  void markLive() {
    live = true;
  }

  /** Notes that a telemetry message was stored. */
  public synchronized void addIngested() {
    ingested++;
  }

  /**
   * Takes one note of {@link #addIngested}.
   *
   * @return false if there is none: the message has come past the store, and must not be
   *     acknowledged
   */
  public synchronized boolean takeIngested() {
    if (ingested == 0) {
      return false;
    }
    ingested--;
    return true;
  }
}
