/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.delivery;

import static org.awaitility.Awaitility.await;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.Sessions;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.math.BigInteger;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DeliveriesTest {
  private static final PolicyFile POLICY = PolicyFile.parse("default", DefaultPolicy.yaml());
  private static final DeviceId RESTLESS = new DeviceId("restless");
  private static final DeviceId CALM = new DeviceId("calm");

  /** The topics that something was sent on. */
  private final Set<String> sent = ConcurrentHashMap.newKeySet();

  private final Sessions sessions = new Sessions();
  private volatile boolean over;

  /** What looks end in, one after the other. */
  private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

  private final Deliveries deliveries =
      new Deliveries(List.of(this::lettersFor), new Noting(), new SimpleMeterRegistry(), 1);

  @AfterEach
  void close() {
    over = true;
    deliveries.close();
  }

  /** While one device is looked at, it has subscribed again, each time. */
  private List<Letter> lettersFor(DeviceId device) throws SQLException {
    Throwable failure = failures.poll();
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof SQLException problem) {
      throw problem;
    }
    if (device.equals(RESTLESS) && !over) {
      deliveries.look(RESTLESS);
    }
    return List.of(new Letter("1", topics -> device + "/desired", new byte[0], null, () -> {}));
  }

  private final class Noting implements DevicePublisher {
    @Override
    public CompletableFuture<Boolean> send(
        ClientSession session, String topic, byte[] payload, @Nullable Duration expiry) {
      sent.add(topic);
      return CompletableFuture.completedFuture(true);
    }

    @Override
    public CompletableFuture<Void> pass(
        String topic, byte[] payload, @Nullable String contentType) {
      return CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletableFuture<Void> retain(String topic, byte[] payload) {
      return CompletableFuture.completedFuture(null);
    }
  }

  private void connect(DeviceId device) {
    ClientSubject subject = new ClientSubject("device", device.value(), "f1", "device");
    ClientSession session = sessions.open(
        new ClientSession.Credential(
            subject, "device", BigInteger.ONE, Instant.now().plusSeconds(86_400)),
        new ClientSession.Connection(
            device.value(), "10.0.0.1", true, 60, new ClientSession.Tls("", ""), Instant.now()),
        ((PolicyFile.Admission.Admitted) POLICY.admit(subject, device.value())).policy());
    deliveries.live(session);
  }

  @Test
  void deviceThatSubscribesWithoutARest_holdsUpNoOther() {
    connect(RESTLESS);
    connect(CALM);
    deliveries.look(RESTLESS);
    await().atMost(Duration.ofSeconds(30)).until(() -> sent.contains("restless/desired"));
    deliveries.look(CALM);
    await().atMost(Duration.ofSeconds(30)).until(() -> sent.contains("calm/desired"));
  }

  @Test
  void whatFailed_isTriedAgain_withNobodyAsking() {
    failures.add(new SQLException("no connection, for a test"));
    failures.add(new OutOfMemoryError("for a test"));
    connect(CALM);
    deliveries.look(CALM);
    await().atMost(Duration.ofSeconds(30)).until(() -> sent.contains("calm/desired"));
  }
}
