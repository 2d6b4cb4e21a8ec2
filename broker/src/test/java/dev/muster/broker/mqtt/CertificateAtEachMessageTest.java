/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.mqtt;

import static org.assertj.core.api.Assertions.assertThat;

import com.hivemq.extension.sdk.api.async.Async;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishInboundInput;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishInboundOutput;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishOutboundInput;
import com.hivemq.extension.sdk.api.interceptor.publish.parameter.PublishOutboundOutput;
import com.hivemq.extension.sdk.api.packets.general.Qos;
import com.hivemq.extension.sdk.api.packets.general.UserProperties;
import com.hivemq.extension.sdk.api.packets.publish.PublishPacket;
import dev.muster.broker.Allocation;
import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.revocation.RevocationView;
import dev.muster.broker.revocation.SessionCheck;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.PublishRates;
import dev.muster.broker.session.Refusals;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is said to HiveMQ about messages of a session that nobody has cut yet, or can. */
class CertificateAtEachMessageTest {
  private static final Credential CA =
      TestPki.root("CN=Root").issue("CN=Device CA").ca().build();
  private static final Duration LIFE = Duration.ofMinutes(10);
  private static final String TELEMETRY = "fleets/f1/devices/d7/telemetry/env";
  private static final String TWIN = "fleets/f1/devices/d7/twin/desired";

  private final MovableClock clock = MovableClock.running();
  private final RevocationView view = new RevocationView(
      IssuingAuthorities.of(Map.of("device", CA.certificate())), Duration.ofHours(1), clock);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Sessions sessions = new Sessions();
  private final List<TelemetryMessage> stored = new ArrayList<>();
  private final List<Disconnector.Reason> told = new ArrayList<>();
  /** What HiveMQ was told, by the names of its methods. */
  private final List<String> said = new ArrayList<>();

  private final ClientSession session = session();
  private InboundPublishes inbound;
  private OutboundPublishes outbound;

  @BeforeEach
  void make() {
    view.offer("device", TestPki.crl(CA, 1, LIFE, List.of()));
    SessionCheck check = new SessionCheck(view, clock);
    BrokerMeters meters = new BrokerMeters(registry, sessions);
    RefusalNotes refusals = new RefusalNotes(meters, new Refusals(clock));
    Disconnector inVain = (one, reason, detail) -> {
      told.add(reason);
      return CompletableFuture.completedFuture(null);
    };
    inbound = new InboundPublishes(
        session,
        new InboundPublishes.Shared(
            check,
            new TelemetryIngest(new Kept(), meters, refusals, clock),
            null,
            null,
            new PublishRates(System::nanoTime),
            (delay, task) -> task.run(),
            clock,
            inVain,
            meters,
            refusals));
    outbound =
        new OutboundPublishes(session, new OutboundPublishes.Shared(check, null, inVain, refusals));
  }

  private ClientSession session() {
    ClientSubject subject = new ClientSubject("device", "d7", "f1", "device");
    PolicyFile policy = PolicyFile.parse("default", DefaultPolicy.yaml());
    ClientSession open = sessions.open(
        new ClientSession.Credential(
            subject, "device", BigInteger.valueOf(7), Instant.now().plusSeconds(86_400)),
        new ClientSession.Connection(
            "d7", "10.0.0.1", true, 60, new ClientSession.Tls("", ""), Instant.now()),
        ((PolicyFile.Admission.Admitted) policy.admit(subject, "d7")).policy());
    sessions.markLive(open);
    return open;
  }

  private void publish() {
    said.clear();
    PublishInboundInput input =
        fake(PublishInboundInput.class, Map.of("getPublishPacket", packet(TELEMETRY)));
    PublishInboundOutput output = fake(PublishInboundOutput.class, Map.of());
    Async<?> async = fake(Async.class, Map.of("getOutput", output));
    inbound.onInboundPublish(input, fake(PublishInboundOutput.class, Map.of("async", async)));
  }

  private void deliver() {
    said.clear();
    outbound.onOutboundPublish(
        fake(PublishOutboundInput.class, Map.of("getPublishPacket", packet(TWIN))),
        fake(PublishOutboundOutput.class, Map.of()));
  }

  private PublishPacket packet(String topic) {
    UserProperties none = fake(UserProperties.class, Map.of("getFirst", Optional.empty()));
    return fake(
        PublishPacket.class,
        Map.of(
            "getTopic",
            topic,
            "getQos",
            Qos.AT_LEAST_ONCE,
            "getRetain",
            false,
            "getPayload",
            Optional.of(ByteBuffer.wrap("21.5".getBytes())),
            "getContentType",
            Optional.empty(),
            "getResponseTopic",
            Optional.empty(),
            "getUserProperties",
            none));
  }

  /** An object of HiveMQ's that answers as told, and notes what it is told itself. */
  private <T> T fake(Class<T> type, Map<String, Object> answers) {
    return type.cast(Proxy.newProxyInstance(
        type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
          Object answer = answers.get(method.getName());
          if (answer == null) {
            said.add(method.getName());
          }
          return answer;
        }));
  }

  private final class Kept implements TelemetrySink {
    @Override
    public CompletableFuture<Stored> store(TelemetryMessage message) {
      stored.add(message);
      return CompletableFuture.completedFuture(Stored.NEW);
    }

    @Override
    public Optional<String> problem() {
      return Optional.empty();
    }

    @Override
    public void close() {}
  }

  @Test
  void publish_ofACertificateRevokedMeanwhile_isNotTaken_thoughNobodyHasCutIt() {
    publish();
    assertThat(stored).hasSize(1);
    assertThat(said).containsExactly("resume");
    view.offer("device", TestPki.crl(CA, 2, LIFE, List.of(BigInteger.valueOf(7))));
    publish();
    assertThat(stored).hasSize(1);
    assertThat(said).containsExactly("preventPublishDelivery", "resume");
    assertThat(told).containsExactly(Disconnector.Reason.NOT_AUTHORIZED);
    assertThat(refused("publish", "revoked")).isEqualTo(1);
  }

  @Test
  void messageThatAsksForNoAnswer_allocatesNothingForThat() {
    PublishPacket packet = packet(TELEMETRY);
    assertThat(Allocation.of(() -> InboundPublishes.answerable(session, packet)))
        .isLessThan(Allocation.AN_OBJECT);
  }

  @Test
  void publish_underAStaleCrl_isNotTaken_andMayBeSentAgain() {
    clock.advance(LIFE.plusMinutes(30));
    publish();
    assertThat(stored).as("in its grace").hasSize(1);
    clock.advance(Duration.ofMinutes(31));
    publish();
    assertThat(stored).hasSize(1);
    assertThat(told).containsExactly(Disconnector.Reason.SERVER_BUSY);
  }

  @Test
  void publish_afterTheEndOfTheCertificate_isNotTaken() {
    view.offer("device", TestPki.crl(CA, 2, Duration.ofDays(9), List.of()));
    clock.advance(Duration.ofDays(2));
    publish();
    assertThat(stored).isEmpty();
    assertThat(told).containsExactly(Disconnector.Reason.NOT_AUTHORIZED);
  }

  @Test
  void whoOnlyListens_hearsNothingUnderAStaleCrl_andIsEndedOnce() {
    deliver();
    assertThat(said).isEmpty();
    clock.advance(LIFE.plusHours(2));
    for (int i = 0; i < 3; i++) {
      deliver();
      assertThat(said).containsExactly("preventPublishDelivery");
    }
    assertThat(told).containsExactly(Disconnector.Reason.SERVER_BUSY);
    assertThat(refused("deliver", "unknown")).isEqualTo(3);
  }

  private double refused(String operation, String reason) {
    return registry
        .counter("muster.broker.refused", "operation", operation, "reason", reason)
        .count();
  }
}
