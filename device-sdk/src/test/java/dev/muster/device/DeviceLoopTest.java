/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.clock.TimeNote;
import dev.muster.device.internal.connection.DeviceTiming;
import dev.muster.device.internal.est.EstChannel;
import dev.muster.device.internal.est.EstChannelProvider;
import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.Library;
import dev.muster.device.testing.ScriptedTransport;
import dev.muster.device.testing.ScriptedTransport.ScriptedLink;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.est.CertificateId;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a device does about links that end in every way, with a broker that follows a script. */
class DeviceLoopTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path folder;

  private final ScriptedTransport transport = new ScriptedTransport();
  private final MovableClock clock = MovableClock.running();
  private final List<String> states = new CopyOnWriteArrayList<>();
  private TestFleet fleet;
  private EstDouble est;
  private FleetDevice device;

  @BeforeEach
  void startDevice() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
    device = startedDevice();
  }

  private FleetDevice startedDevice() {
    FleetDevice started = builder().build();
    started.start();
    return started;
  }

  private FleetDevice.Builder builder() {
    return FleetDevice.builder()
        .enrollment(est.uri())
        .broker(URI.create("mqtts://localhost:8883"))
        .trust(fleet.trust())
        .factoryIdentity(fleet.factoryKey(), fleet.factoryChain())
        .stateDirectory(folder.resolve("state"))
        .timing(TestTiming.FAST)
        .transport(transport)
        .clock(clock)
        .listener(new DeviceListener() {
          @Override
          public void onState(DeviceState state, String reason) {
            states.add(state + " " + reason);
          }
        });
  }

  @AfterEach
  void stopDevice() {
    device.close();
    est.close();
  }

  private void renewSoon() {
    est.issuing(Clock.systemUTC(), Duration.ofDays(365));
    clock.advance(Duration.ofDays(26));
  }

  private ScriptedLink nextLink(int number) {
    await().atMost(LIMIT).until(() -> transport.links().size() >= number);
    return transport.links().get(number - 1);
  }

  @Test
  void connected_manyMessages_noMoreInFlightThanTheBrokerTakes() {
    for (int i = 0; i < 5; i++) {
      device.telemetry("env").publish(Map.of("n", i));
    }
    ScriptedLink link = nextLink(1);
    link.connected(3);

    await().atMost(LIMIT).until(() -> link.sent().size() == 3);
    link.acknowledge(0);

    await().atMost(LIMIT).until(() -> link.sent().size() == 4);
    assertThat(device.statistics().waiting()).isEqualTo(4);
  }

  @Test
  void connectionLost_unacknowledgedMessages_areSentAgainInOrderUnderTheirIdentities() {
    ScriptedLink first = nextLink(1);
    first.connected(10);
    for (int i = 0; i < 5; i++) {
      device.telemetry("env").publish(Map.of("n", i));
    }
    await().atMost(LIMIT).until(() -> first.sent().size() == 5);
    first.acknowledge(0);
    first.acknowledge(2);
    await().atMost(LIMIT).until(() -> device.statistics().acknowledged() == 2);
    first.ended(LinkEnd.Kind.LOST, "gone");
    ScriptedLink second = nextLink(2);
    second.connected(10);

    await().atMost(LIMIT).until(() -> second.sent().size() == 3);
    assertThat(second.sent().stream().map(message -> message.identity().sequence()))
        .containsExactly(2L, 4L, 5L);
    // An answer that belongs to the former connection settles nothing.
    first.acknowledge(1);
    assertThat(device.statistics().acknowledged()).isEqualTo(2);
  }

  @Test
  void transport_thatThrows_isTriedAgain() {
    ScriptedLink first = nextLink(1);
    transport.failNext(() -> {
      throw new IllegalStateException("a defect");
    });
    transport.failNext(() -> {
      throw new AssertionError("no memory");
    });
    first.ended(LinkEnd.Kind.LOST, "gone");

    nextLink(2).connected(10);

    assertThat(transport.defects()).isZero();
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    assertThat(states)
        .anyMatch(state -> state.startsWith("OFFLINE a defect; "))
        .anyMatch(state -> state.startsWith("OFFLINE no memory; "));
  }

  /**
   * The randomness is as unlucky as can be: each wait is the whole of its limit.
   *
   * @return how many links there were before
   */
  private int restart(DeviceTiming timing) {
    device.close();
    final int links = transport.links().size();
    device = builder().timing(timing).random(() -> -1L).build();
    device.start();
    return links;
  }

  private void awaitState(String state) {
    await().atMost(LIMIT).until(() -> states.contains(state));
  }

  /** Connects, sends and is cut off: twice, so that the second wait tells what it goes by. */
  private void loseTwoConnections(int before) {
    for (int number = before + 1; number <= before + 2; number++) {
      ScriptedLink link = nextLink(number);
      link.connected(10);
      long acknowledged = device.statistics().acknowledged();
      device.telemetry("env").publish(Map.of("n", number));
      await().atMost(LIMIT).until(() -> link.sent().size() == 1);
      link.acknowledge(0);
      await().atMost(LIMIT).until(() -> device.statistics().acknowledged() > acknowledged);
      link.ended(LinkEnd.Kind.LOST, "lost " + (number - before));
    }
  }

  @Test
  void alarm_telemetryIsStoredInAnHour_isStoredAtOnce() {
    restart(TestTiming.storing(Duration.ofHours(1)));
    PublishReceipt telemetry = device.telemetry("env").send(Map.of("n", 1));

    PublishReceipt alarm = device.alarm("door", Map.of("open", true));

    assertThat(alarm.stored()).succeedsWithin(LIMIT);
    assertThat(telemetry.stored()).isNotDone();
  }

  @Test
  void connectionLost_beforeItsMinimumLife_waitsLongerEachTime() {
    Duration base = Duration.ofMillis(600);
    int before = restart(TestTiming.reconnecting(base, Duration.ofHours(1), Duration.ofHours(1)));

    loseTwoConnections(before);

    awaitState("OFFLINE lost 1; next attempt in 1 s");
    awaitState("OFFLINE lost 2; next attempt in 2 s");
  }

  @Test
  void connectionLost_afterItsMinimumLife_startsOver() {
    Duration base = Duration.ofMillis(600);
    int before = restart(TestTiming.reconnecting(base, Duration.ofHours(1), Duration.ZERO));

    loseTwoConnections(before);

    awaitState("OFFLINE lost 1; next attempt in 1 s");
    awaitState("OFFLINE lost 2; next attempt in 1 s");
  }

  @Test
  void statistics_tellWhyConnectionsEndedAndHowLongThingsTook() {
    int links = restart(TestTiming.FAST);
    nextLink(links + 1).ended(LinkEnd.Kind.LOST, "gone");
    nextLink(links + 2).ended(LinkEnd.Kind.BUSY, "server busy (0x89)");
    nextLink(links + 3).ended(LinkEnd.Kind.LOST, "gone");
    nextLink(links + 4).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);

    DeviceStatistics statistics = device.statistics();

    assertThat(statistics.connectionEnds()).isEqualTo(Map.of("lost", 2L, "busy", 1L));
    assertThat(statistics.lastConnect()).isPositive();
    assertThat(statistics.lastKeyOperation()).isPositive();
    assertThat(statistics.oldestWaiting()).isZero();
    device.telemetry("env").publish(Map.of("n", 1));
    clock.advance(Duration.ofHours(2));
    assertThat(device.statistics().oldestWaiting())
        .isBetween(Duration.ofHours(2), Duration.ofHours(3));
  }

  @Test
  void busy_isLeftAloneForLongerThanOneThatWasLost() {
    int links = restart(TestTiming.refusedFor(Duration.ofHours(2)));

    nextLink(links + 1).ended(LinkEnd.Kind.BUSY, "server busy (0x89)");

    // A tenth of the slow retry, which is 3 hours at most.
    awaitState("OFFLINE server busy (0x89); next attempt in 1080 s");
  }

  @Test
  void refused_onlyIdentity_goesOfflineWithTheReasonAndAsksForNoOther() {
    nextLink(1).ended(LinkEnd.Kind.REFUSED, "not authorized (0x87)");

    await()
        .atMost(LIMIT)
        .until(() -> states.stream()
            .anyMatch(state -> state.startsWith("OFFLINE not authorized (0x87); next attempt in")));
    nextLink(2).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    assertThat(est.requests()).hasSize(1);
  }

  @Test
  void certificateRefused_andUnknownToTheRegistrar_enrollsAnewWithTheFactoryIdentity() {
    ScriptedLink first = nextLink(1);
    first.connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    est.registrar(request -> request.operation().segment().equals("simplereenroll")
        ? EstDouble.Answer.text(401, "client certificate: of a CA that is compromised")
        : est.issue(request));
    first.ended(LinkEnd.Kind.CERTIFICATE_REFUSED, "certificate refused: certificate_unknown");
    await().atMost(LIMIT).until(() -> est.requests().size() >= 2);
    if (transport.links().size() > 1) {
      nextLink(2).ended(LinkEnd.Kind.CERTIFICATE_REFUSED, "certificate refused");
    }

    await().atMost(LIMIT).until(() -> est.requests().size() >= 3);
    assertThat(est.requests().stream().map(request -> request.operation().segment()))
        .startsWith("simpleenroll", "simplereenroll", "simpleenroll");
  }

  @Test
  void certificateRefused_butRenewedByTheRegistrar_triesTheNewOneWithoutWaiting() {
    int links = restart(TestTiming.refusedFor(Duration.ofHours(2)));
    ScriptedLink first = nextLink(links + 1);

    first.ended(LinkEnd.Kind.CERTIFICATE_REFUSED, "certificate refused: certificate_unknown");

    assertThat(nextLink(links + 2).certificate()).isNotEqualTo(first.certificate());
    assertThat(est.asked(EstOperation.SIMPLE_REENROLL)).isEqualTo(1);
  }

  /** As when the CA of its certificate is given up; what is refused from the start waits. */
  @Test
  void cutOff_asksTheRegistrar_andEnrollsAnewIfTheCertificateProvesNothing() {
    int links = restart(TestTiming.refusedFor(Duration.ofHours(2)));
    ScriptedLink first = nextLink(links + 1);
    first.connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    est.registrar(request -> request.operation() == EstOperation.SIMPLE_REENROLL
        ? EstDouble.Answer.text(401, "client certificate: of a CA that is compromised")
        : est.issue(request));

    first.ended(LinkEnd.Kind.REFUSED, "not authorized (0x87)");

    assertThat(nextLink(links + 2).certificate()).isNotEqualTo(first.certificate());
    assertThat(est.asked(EstOperation.SIMPLE_REENROLL)).isEqualTo(1);
  }

  /**
   * Another key in place of one that is live would wait for an operator, as a clone does. It may be
   * anybody who says so, or a broker whose clock is ahead.
   */
  @ParameterizedTest
  @EnumSource(names = {"CALLED_EXPIRED", "EXPIRED"})
  void calledExpired_keepsItsIdentity(LinkEnd.Kind kind) {
    final int links = restart(TestTiming.refusedFor(Duration.ofHours(2)));
    ScriptedLink first = nextLink(links + 1);
    final long enrollments = est.asked(EstOperation.SIMPLE_ENROLL);
    est.registrar(request -> EstDouble.Answer.text(503, "busy"));
    first.ended(kind, "certificate_expired");
    await().atMost(LIMIT).until(() -> est.asked(EstOperation.SIMPLE_REENROLL) >= 1);

    est.registrar(est::issue);

    nextLink(links + 2).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    assertThat(est.asked(EstOperation.SIMPLE_ENROLL)).isEqualTo(enrollments);
  }

  @ParameterizedTest
  @EnumSource(names = {"CALLED_EXPIRED", "EXPIRED"})
  void calledExpired_andRefusedByTheRegistrar_enrollsAnewWithAnotherKey(LinkEnd.Kind kind) {
    final int links = restart(TestTiming.refusedFor(Duration.ofHours(2)));
    ScriptedLink first = nextLink(links + 1);
    final long enrollments = est.asked(EstOperation.SIMPLE_ENROLL);
    est.registrar(request -> request.operation() == EstOperation.SIMPLE_REENROLL
        ? EstDouble.Answer.text(403, "certificate: expired")
        : est.issue(request));

    first.ended(kind, "certificate_expired");

    assertThat(nextLink(links + 2).certificate().getPublicKey())
        .isNotEqualTo(first.certificate().getPublicKey());
    assertThat(est.asked(EstOperation.SIMPLE_ENROLL)).isEqualTo(enrollments + 1);
  }

  private static EstDouble.Answer keyHasEnded() {
    return EstDouble.Answer.text(400, "publicKey: its certificate has ended (expected: a new key)");
  }

  private int restartInAnotherFolder() {
    device.close();
    final int links = transport.links().size();
    device = builder().stateDirectory(folder.resolve("other")).build();
    device.start();
    return links;
  }

  private PublicKey awaitRequest(int number) {
    await().atMost(LIMIT).until(() -> est.requests().size() >= number);
    return est.requests().get(number - 1).key();
  }

  /** The registrar has issued for it, the answer was lost, and the certificate has ended since. */
  @Test
  void enrollment_keyOfAnEarlierStartRefused_isGivenUpForAnother() {
    nextLink(1);
    est.registrar(request -> EstDouble.Answer.text(503, "lost"));
    restartInAnotherFolder();
    PublicKey waiting = awaitRequest(2);
    device.close();
    est.registrar(request -> request.key().equals(waiting) ? keyHasEnded() : est.issue(request));

    int links = restartInAnotherFolder();

    nextLink(links + 1).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
  }

  @Test
  void enrollment_everyKeyRefused_givesUpTheOneOfAnEarlierStartAlone() {
    nextLink(1);
    est.registrar(request -> keyHasEnded());
    restartInAnotherFolder();
    assertThat(awaitRequest(4)).isEqualTo(awaitRequest(2));
    device.close();
    final int before = est.requests().size();

    restartInAnotherFolder();

    awaitRequest(before + 4);
    assertThat(est.requests().stream().skip(before).map(EstDouble.Request::key).distinct())
        .hasSize(2)
        .startsWith(awaitRequest(2));
  }

  @Test
  void renewal_keyOfAnEarlierStartRefused_isGivenUpForAnother() {
    nextLink(1).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    est.registrar(request -> EstDouble.Answer.text(503, "lost"));
    renewSoon();
    PublicKey waiting = awaitRequest(2);
    est.registrar(request -> request.key().equals(waiting) ? keyHasEnded() : est.issue(request));

    int links = restart(TestTiming.FAST);

    ScriptedLink old = nextLink(links + 1);
    old.connected(10);
    assertThat(nextLink(links + 2).certificate()).isNotEqualTo(old.certificate());
  }

  /** With the least of chances it asks as soon as it is online, and renews as the window opens. */
  @Test
  void renewal_asTheServerSuggests_isNow() {
    device.close();
    List<String> asked = new CopyOnWriteArrayList<>();
    Instant now = clock.instant();
    est.renewalInfo(certificate -> {
      asked.add(certificate);
      return asked.size() > 1
          ? EstDouble.Answer.text(404, "not one of ours")
          : EstDouble.renewBetween(now.minusSeconds(60), now.plusSeconds(60), Duration.ofDays(1));
    });
    final int links = transport.links().size();
    device = builder().random(() -> 0L).build();
    device.start();
    ScriptedLink old = nextLink(links + 1);
    old.connected(10);

    ScriptedLink renewed = nextLink(links + 2);

    assertThat(renewed.certificate()).isNotEqualTo(old.certificate());
    assertThat(asked)
        .containsExactly(CertificateId.of(old.certificate()).orElseThrow().toString());
    assertThat(est.asked(EstOperation.SIMPLE_REENROLL)).isEqualTo(1);
  }

  @Test
  void renewal_aServerWithoutAnOpinion_isAskedOnceADay() {
    device.close();
    final int links = transport.links().size();
    device = builder().random(() -> 0L).build();
    device.start();
    nextLink(links + 1).connected(10);
    await().atMost(LIMIT).until(() -> est.asked(EstOperation.RENEWAL_INFO) == 1);

    clock.advance(Duration.ofDays(1));

    await().atMost(LIMIT).until(() -> est.asked(EstOperation.RENEWAL_INFO) == 2);
    assertThat(est.asked(EstOperation.SIMPLE_REENROLL)).isZero();
    assertThat(device.state()).isEqualTo(DeviceState.ONLINE);
  }

  @Test
  void renewed_newIdentityRefused_oldOneServesAndTheNewOneIsTriedAgain() {
    ScriptedLink old = nextLink(1);
    old.connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    renewSoon();
    ScriptedLink tried = nextLink(2);
    assertThat(tried.certificate()).isNotEqualTo(old.certificate());
    tried.ended(LinkEnd.Kind.REFUSED, "certificate refused");

    ScriptedLink back = nextLink(3);
    assertThat(back.certificate()).isEqualTo(old.certificate());
    back.connected(10);
    CompletableFuture<Void> message = device.telemetry("env").publish(Map.of("n", 1));
    await().atMost(LIMIT).until(() -> !back.sent().isEmpty());
    back.acknowledge(0);
    assertThat(message).succeedsWithin(LIMIT);
    assertThat(folder.resolve("state/identity/current")).hasContent("1");

    ScriptedLink again = nextLink(4);
    assertThat(again.certificate()).isEqualTo(tried.certificate());
    again.connected(10);
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(folder.resolve("state/identity/current")).hasContent("2"));
    assertThat(est.requests()).hasSize(2);
  }

  @Test
  void renewed_newIdentityNeverAccepted_isGivenUpForAnother() {
    nextLink(1).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    renewSoon();
    nextLink(2).ended(LinkEnd.Kind.REFUSED, "certificate refused");
    nextLink(3).connected(10);
    nextLink(4).ended(LinkEnd.Kind.REFUSED, "certificate refused");
    nextLink(5).connected(10);
    nextLink(6).ended(LinkEnd.Kind.REFUSED, "certificate refused");

    // The third certificate may come before the device is back online with the first.
    await().atMost(LIMIT).until(() -> {
      transport.links().stream().skip(6).forEach(link -> link.connected(10));
      return est.requests().size() == 3
          && Files.readString(folder.resolve("state/identity/current")).equals("2\n");
    });
    assertThat(est.requests().get(2).key()).isNotEqualTo(est.requests().get(1).key());
  }

  @Test
  void renewed_messagesInFlight_areAwaitedBeforeTheSwitch() {
    ScriptedLink old = nextLink(1);
    old.connected(10);
    device.telemetry("env").publish(Map.of("n", 1));
    await().atMost(LIMIT).until(() -> old.sent().size() == 1);
    renewSoon();
    await().atMost(LIMIT).until(() -> est.requests().size() == 2);
    old.acknowledge(0);

    ScriptedLink renewed = nextLink(2);
    renewed.connected(10);
    await().atMost(LIMIT).until(() -> device.statistics().connections() == 2);
    assertThat(old.isClosed()).isTrue();
    assertThat(renewed.sent()).isEmpty();
    assertThat(states).anyMatch(state -> state.startsWith("RENEWING"));
  }

  /** Has a command hold a thread until it is told its end, and {@code call} the other. */
  private void holdThreads(CountDownLatch commandEnd, Runnable call) {
    CountDownLatch held = new CountDownLatch(2);
    device.onCommand("wait", (command, context) -> {
      held.countDown();
      commandEnd.await();
      return CommandResult.done();
    });
    ScriptedLink link = nextLink(1);
    link.connected(10);
    device.telemetry("env").publish(Map.of("n", 1)).thenRun(() -> {
      held.countDown();
      call.run();
    });
    await().atMost(LIMIT).until(() -> link.sent().size() == 1);
    link.acknowledge(0);
    link.deliver(
        "fleets/default/devices/acme-0001/commands/c1",
        "{\"id\":\"c1\",\"name\":\"wait\",\"deadline\":\""
            + clock.instant().plus(Duration.ofDays(99)) + "\"}");
    awaitQuietly(held);
  }

  @Test
  void renewed_commandAndCallHoldTheThreads_interruptsTheCall() {
    CountDownLatch end = new CountDownLatch(1);
    CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
    holdThreads(end, () -> {
      awaitQuietly(end);
      interrupted.complete(Thread.currentThread().isInterrupted());
    });

    renewSoon();

    try {
      nextLink(2).connected(10);
      await().atMost(LIMIT).until(() -> device.statistics().enrollments() == 2);
      assertThat(interrupted).isCompletedWithValue(true);
    } finally {
      end.countDown();
    }
  }

  @Test
  void renewed_callIgnoresInterrupts_isToldInHealthAndRenewsWhenTheCommandEnds() {
    CountDownLatch callEnd = new CountDownLatch(1);
    CountDownLatch commandEnd = new CountDownLatch(1);
    holdThreads(commandEnd, () -> {
      while (callEnd.getCount() > 0) {
        awaitQuietly(callEnd);
        Thread.interrupted();
      }
    });

    renewSoon();

    try {
      await().atMost(LIMIT).until(() -> device.health().callbackProblem().isPresent());
      assertThat(est.requests()).hasSize(1);
      commandEnd.countDown();
      nextLink(2).connected(10);
      await().atMost(LIMIT).until(() -> device.statistics().enrollments() == 2);
      await().atMost(LIMIT).until(() -> device.health().callbackProblem().isEmpty());
    } finally {
      commandEnd.countDown();
      callEnd.countDown();
    }
  }

  /** Else it would be in use only after the next connection, and end with this one meanwhile. */
  @Test
  void renewed_diskIsFullWhenTheNewIdentityIsProven_isInUseOnceThereIsRoom() throws Exception {
    nextLink(1).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    Path occupied = Files.createDirectories(folder.resolve("state/identity/current.new/occupied"));
    renewSoon();
    nextLink(2).connected(10);
    await()
        .atMost(LIMIT)
        .until(() -> device.log().lines().stream()
            .anyMatch(line -> line.contains("identity: cannot be written")));

    Files.delete(occupied);

    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(folder.resolve("state/identity/current")).hasContent("2"));
    assertThat(transport.links()).hasSize(2);
  }

  /** As long as the server has asked it to wait, and by the clock of then two days longer. */
  @Test
  void renewal_putOffWhileTheClockWasAhead_isTriedOnceItIsRight() {
    device.close();
    final int links = transport.links().size();
    device = builder().random(() -> 0L).build();
    device.start();
    ScriptedLink old = nextLink(links + 1);
    old.connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    est.registrar(request -> EstDouble.Answer.text(202, "wait").with("Retry-After", "3600"));
    renewSoon();
    await().atMost(LIMIT).until(() -> device.reason().contains("renewal failed"));

    est.registrar(est::issue);
    clock.advance(Duration.ofDays(-2));

    assertThat(nextLink(links + 2).certificate()).isNotEqualTo(old.certificate());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void clock_aheadInOneStart_isForgottenWithTheNext() throws Exception {
    Path note = folder.resolve("state/time");
    Duration ahead = Duration.ofHours(12);
    await().atMost(LIMIT).until(() -> Files.exists(note));
    device.close();
    Files.delete(note);
    clock.advance(ahead);
    device = startedDevice();
    await().atMost(LIMIT).until(() -> Files.exists(note));
    device.close();
    clock.advance(ahead.negated());

    device = startedDevice();

    await().atMost(LIMIT).until(() -> device.subject().isPresent());
    assertThat(device.health().clockBehind()).isZero();
  }

  private void stopAndForgetTheTime() {
    await().atMost(LIMIT).until(() -> device.subject().isPresent());
    device.close();
    clock.advance(Duration.between(clock.instant(), Instant.EPOCH));
  }

  /** The note is of a time at which the server's certificate had expired. */
  @Test
  void time_noted_isBelievedOfAClockThatStartsIn1970_andServersAreHeldToIt() throws Exception {
    stopAndForgetTheTime();
    Instant noted = Instant.now().plus(Duration.ofHours(12));
    Files.writeString(folder.resolve("state/time"), noted + "\n");
    final int links = transport.links().size();
    TestPki.Credential outdated = fleet
        .serviceCa()
        .issue("CN=server, OU=server")
        .server()
        .validity(noted.minus(Duration.ofDays(1)), noted.minus(Duration.ofHours(6)))
        .build();
    try (EstDouble past = new EstDouble(fleet, outdated)) {
      device = builder().enrollment(past.uri()).build();
      device.start();

      nextLink(links + 1).connected(10);

      assertThat(past.asked(EstOperation.CA_CERTS)).isZero();
    }
    assertThat(device.health().timeEstimated()).isTrue();
    assertThat(Instant.EPOCH.plus(device.health().clockBehind()))
        .isCloseTo(noted, within(1, ChronoUnit.HOURS));
  }

  @Test
  void time_unknown_isAskedForBeforeAConnection_andNotAgainOnceItIsKnown() {
    stopAndForgetTheTime();
    final long before = est.asked(EstOperation.CA_CERTS);
    final int links = transport.links().size();

    device = startedDevice();

    nextLink(links + 1).ended(LinkEnd.Kind.LOST, "gone");
    nextLink(links + 2).connected(10);
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    assertThat(est.asked(EstOperation.CA_CERTS)).isEqualTo(before + 1);
    assertThat(device.health().clockBehind()).isGreaterThan(Duration.ofDays(10_000));
  }

  /** As with CoAP: it would cost a handshake before each connection, and bring nothing. */
  @Test
  void time_unknownAndTheServerTellsNone_isNotAskedFor() {
    stopAndForgetTheTime();
    final int links = transport.links().size();
    Timeless.OPENED.set(0);
    Library library =
        new Library(folder.resolve("library"), EstChannelProvider.class, Timeless.class);
    try {
      device = builder().enrollment(URI.create("timeless://localhost")).build();
      device.start();

      nextLink(links + 1).ended(LinkEnd.Kind.LOST, "gone");
      nextLink(links + 2).connected(10);
      await().atMost(LIMIT).until(() -> device.state() == DeviceState.ONLINE);
    } finally {
      library.close();
    }
    assertThat(Timeless.OPENED).hasValue(0);
  }

  /** A way to a server that is not there. */
  public static final class Timeless implements EstChannelProvider {
    private static final AtomicInteger OPENED = new AtomicInteger();

    @Override
    public String scheme() {
      return "timeless";
    }

    @Override
    public EstChannel open(URI base, TlsIdentity identity, Duration limit) {
      OPENED.incrementAndGet();
      throw new IllegalStateException("not to be opened");
    }
  }

  @Test
  void start_thatFails_letsGoOfTheStateDirectory() {
    device.close();
    // In the place of a machine that has no thread or file left: the loop cannot be made.
    FleetDevice failing = builder().timing(null).build();

    assertThatThrownBy(failing::start).isInstanceOf(NullPointerException.class);

    device = startedDevice();
    await().atMost(LIMIT).until(() -> device.subject().isPresent());
    failing.close();
  }

  /** A pipe to which nobody writes is a disk that does not answer. */
  @Test
  void disk_thatHangs_isWaitedForByNobodyButTheDevicesThread() throws Exception {
    device.close();
    Path note = folder.resolve("state/time");
    Files.deleteIfExists(note);
    PeerProgram.require("mkfifo").run(folder, note.toString()).expectSuccess();
    device = startedDevice();
    try {
      await().atMost(LIMIT).until(DeviceLoopTest::aDeviceReadsItsNote);

      CompletableFuture<PublishReceipt> sent = CompletableFuture.supplyAsync(() -> {
        device.onCommand("blink", (command, context) -> CommandResult.done());
        device.twin().report(Map.of("firmware", "2.1"));
        PublishReceipt alarm = device.alarm("door", Map.of("open", true));
        assertThat(device.health().statistics().waiting()).isEqualTo(1);
        device.close();
        return alarm;
      });

      assertThat(sent).succeedsWithin(LIMIT);
      assertThat(sent.join().acknowledged()).isNotDone();
      assertThat(aDeviceReadsItsNote()).isTrue();
    } finally {
      Files.newOutputStream(note).close();
    }
    await().atMost(LIMIT).until(() -> device.state() == DeviceState.STOPPED);
  }

  /** Nobody sends anything new, which would have the disk asked again by the way. */
  @Test
  void backlog_aFileOfItCannotBeRead_theOthersAreSent() throws Exception {
    restartWithSmallFiles();
    for (int i = 0; i < 300; i++) {
      device.telemetry("env").send(Map.of("n", i));
    }
    await().atMost(LIMIT).until(() -> device.statistics().stored() == 300);
    device.close();
    final String boot = device.bootId();
    Path oldest;
    try (Stream<Path> files = Files.list(folder.resolve("state/journal/telemetry"))) {
      List<Path> all = files.sorted().toList();
      assertThat(all).hasSizeGreaterThan(2);
      oldest = all.get(0);
    }
    Files.delete(oldest);
    Files.createDirectory(oldest); // Can be opened, and fails to be read.

    final int links = restartWithSmallFiles();

    ScriptedLink link = nextLink(links + 1);
    link.connected(64);
    await().atMost(LIMIT).until(() -> {
      for (int i = 0; i < link.sent().size(); i++) {
        link.acknowledge(i);
      }
      return link.sent().size() > 100 && device.statistics().waiting() == 0;
    });
    assertThat(link.sent())
        .extracting(OutboundMessage::identity)
        .contains(new MessageIdentity(boot, 300));
    assertThat(device.statistics().lost()).isPositive();
    assertThat(oldest).doesNotExist();
  }

  private int restartWithSmallFiles() {
    device.close();
    final int links = transport.links().size();
    device = builder().journalLimit(64 * 1024).build();
    device.start();
    return links;
  }

  /** As some networks do, to hold programs up: no octet is late, and all of them take an hour. */
  @Test
  void enrollment_serverThatDrips_isLeft() throws Exception {
    device.close();
    try (ServerSocket dripping = new ServerSocket(0)) {
      device = builder()
          .enrollment(URI.create("https://localhost:" + dripping.getLocalPort()))
          .stateDirectory(folder.resolve("dripped"))
          .timing(TestTiming.enrollingFor(Duration.ofMillis(500)))
          .build();
      device.start();
      try (Socket victim = dripping.accept()) {
        byte[] record = {0x16, 3, 3, 0x40, 0, 2, 0, 0x3f, (byte) 0xf0}; // A long ServerHello.
        victim.getOutputStream().write(record);

        await().atMost(LIMIT).until(() -> {
          drip(victim);
          return states.stream().anyMatch(state -> state.contains("cannot be reached"));
        });
      }
    }
  }

  private static void drip(Socket victim) {
    try {
      victim.getOutputStream().write(0);
    } catch (IOException e) {
      // It has hung up, which is what is waited for.
    }
  }

  private static boolean aDeviceReadsItsNote() {
    return Thread.getAllStackTraces().values().stream()
        .flatMap(Arrays::stream)
        .anyMatch(frame -> frame.getClassName().equals(TimeNote.class.getName()));
  }

  @Test
  void listener_throwing_disturbsNothing() {
    device.telemetry("env").publish(Map.of("n", 1)).thenRun(() -> {
      throw new IllegalStateException("user's");
    });
    ScriptedLink link = nextLink(1);
    link.connected(10);
    await().atMost(LIMIT).until(() -> link.sent().size() == 1);
    link.acknowledge(0);

    await().atMost(LIMIT).until(() -> device.statistics().acknowledged() == 1);
    assertThat(device.state()).isEqualTo(DeviceState.ONLINE);
  }
}
