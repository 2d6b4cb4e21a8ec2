/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.PolicyFile.Admission.Admitted;
import dev.muster.testing.MovableClock;
import java.math.BigInteger;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlaceWatchTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final ClientSubject SERVICE =
      new ClientSubject("service", "collector", null, "consumer");
  private static final ClientSubject DEVICE = new ClientSubject("device", "d1", "f1", "device");

  private final MovableClock clock = MovableClock.at(START);
  private final Sessions sessions = new Sessions();
  private final List<SessionAlarm> alarms = new ArrayList<>();
  private final List<Runnable> looks = new ArrayList<>();
  private final PlaceWatch watch = new PlaceWatch(
      sessions,
      (delay, look) -> {
        assertThat(delay).isEqualTo(Duration.ofSeconds(91));
        looks.add(look);
      },
      clock,
      alarms::add);

  private static ClientSession.Credential certificate(ClientSubject subject, int serial) {
    return new ClientSession.Credential(
        subject, subject.issuer(), BigInteger.valueOf(serial), START.plusSeconds(86_400));
  }

  private ClientSession connect(
      ClientSession.Credential certificate, String client, String address) {
    PolicyFile policy = PolicyFile.parse("default", DefaultPolicy.yaml());
    ClientSession session = sessions.open(
        certificate,
        new ClientSession.Connection(
            client, address, true, 60, new ClientSession.Tls("", ""), clock.instant()),
        ((Admitted) policy.admit(certificate.subject(), client)).policy());
    sessions.markLive(session);
    watch.live(session);
    return session;
  }

  /** A while goes by. */
  private void look() {
    clock.advance(Duration.ofMinutes(2));
    List.copyOf(looks).forEach(Runnable::run);
    looks.clear();
  }

  private void use(String session, String address) {
    watch.used(certificate(DEVICE, 1), "d1", session, address);
  }

  @Test
  void service_whoseOlderSessionGoesOn_isInTwoPlaces() {
    connect(certificate(SERVICE, 1), "collector:1", "a");
    sessions.close(connect(certificate(SERVICE, 1), "collector:2", "b"));
    assertThat(alarms).isEmpty();
    look();
    assertThat(alarms).singleElement().satisfies(alarm -> {
      assertThat(alarm.kind()).isEqualTo(SessionAlarm.Kind.TWO_PLACES);
      assertThat(alarm.client()).isEqualTo("collector:1");
      assertThat(alarm.addresses()).containsExactly("a", "b");
      assertThat(alarm.isNew()).isTrue();
    });
    connect(certificate(SERVICE, 1), "collector:3", "b");
    look();
    assertThat(alarms).hasSize(2);
    assertThat(alarms.get(1).isNew()).as("it stands").isFalse();
    assertThat(alarms.get(1).times()).isEqualTo(2);
  }

  /** Who has one key could else have us remember without end. */
  @Test
  void sessions_thatComeAndGoElsewhere_areAwaitedOnce() {
    connect(certificate(DEVICE, 1), "d1", "a");
    for (int i = 0; i < 100; i++) {
      use("session " + i, "b");
    }
    assertThat(looks).hasSize(1);
    look();
    assertThat(alarms).hasSize(1);
    use("and again", "b");
    assertThat(looks).hasSize(1);
  }

  @Test
  void device_amongManySessionsOfAThief_overCoap_isNotForgotten() {
    use("owner", "a");
    for (int i = 0; i < 100; i++) {
      use("thief " + i, "b");
    }
    assertThat(alarms).isEmpty();
    use("owner", "a");
    assertThat(alarms).hasSize(1);
  }

  @Test
  void service_thatMoves_leavesDeadSessionsBehind() {
    ClientSession dead = connect(certificate(SERVICE, 1), "collector:1", "a");
    ClientSession deadToo = connect(certificate(SERVICE, 1), "collector:2", "a");
    ClientSession now = connect(certificate(SERVICE, 1), "collector:1", "b");
    sessions.close(dead);
    sessions.close(deadToo);
    assertThat(now.isClosed()).isFalse();
    look();
    assertThat(alarms).isEmpty();
  }

  @Test
  void services_atOneAddress_orWithCertificatesOfTheirOwn_areWhereTheyShouldBe() {
    connect(certificate(SERVICE, 1), "collector:1", "a");
    connect(certificate(SERVICE, 1), "collector:2", "a");
    connect(certificate(SERVICE, 2), "collector:3", "b");
    look();
    assertThat(alarms).isEmpty();
  }

  @Test
  void device_thatMoves_overCoap_isInOnePlace() {
    for (String address : List.of("a", "b", "a", "c")) {
      use("moves with its connection id", address);
    }
    use("new at b", "b");
    use("new at b", "b");
    use("new at c", "c");
    use("another at c", "c");
    use("new at c", "c");
    assertThat(alarms).isEmpty();
  }

  @Test
  void device_whoseOlderSessionGoesOn_overCoap_isInTwoPlaces_andToldAtAPace() {
    use("one", "a");
    use("two", "b");
    assertThat(alarms).isEmpty();
    use("one", "a");
    assertThat(alarms).singleElement().satisfies(alarm -> {
      assertThat(alarm.client()).isEqualTo("d1");
      assertThat(alarm.addresses()).containsExactly("a", "b");
    });
    use("two", "b");
    assertThat(alarms).hasSize(1);
    clock.advance(PlaceWatch.PACE);
    use("one", "a");
    assertThat(alarms).hasSize(2);
    assertThat(alarms.get(1).raisedAt()).isEqualTo(START);
    clock.advance(PlaceWatch.WINDOW);
    use("two", "b");
    assertThat(alarms.get(2).isNew()).isTrue();
  }

  @Test
  void device_overMqttAndCoap_atTwoAddresses_isInTwoPlaces() {
    connect(certificate(DEVICE, 1), "d1", "a");
    use("coap", "b");
    look();
    assertThat(alarms).hasSize(1);
    ClientSession again = connect(certificate(DEVICE, 1), "d1", "a");
    clock.advance(PlaceWatch.PACE);
    use("coap", "b");
    assertThat(alarms).hasSize(2);
    sessions.close(again);
    clock.advance(PlaceWatch.PACE);
    use("coap", "b");
    assertThat(alarms).as("once for each time it was elsewhere").hasSize(2);
  }

  /** Whoever has copied a key may be in and out again before its owner's next report. */
  @Test
  void device_whoseKeyWasUsedElsewhereForAMoment_isInTwoPlaces() {
    use("coap", "b");
    ClientSession brief = connect(certificate(DEVICE, 1), "d1", "a");
    sessions.close(brief);
    watch.ended(brief, "closed by the client");
    use("coap", "b");
    assertThat(alarms).hasSize(1);
  }
}
