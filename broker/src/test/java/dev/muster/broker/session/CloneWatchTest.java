/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.authz.ClientSubject;
import java.math.BigInteger;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CloneWatchTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private Instant now = START;
  private final Map<Instant, SessionAlarm> alarms = new LinkedHashMap<>();
  private final CloneWatch watch = new CloneWatch(
      new Clock() {
        @Override
        public Instant instant() {
          return now;
        }

        @Override
        public ZoneId getZone() {
          return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
          return this;
        }
      },
      alarm -> alarms.put(alarm.raisedAt(), alarm));

  private Optional<SessionAlarm> tookOver(long serial, String live, String from) {
    return tookOver(serial, live, serial, from);
  }

  private Optional<SessionAlarm> tookOver(long before, String live, long with, String from) {
    return watch.tookOver(
        credential(before),
        new ClientSession.Connection("d1", live, true, 60, new ClientSession.Tls("", ""), START),
        credential(with),
        from);
  }

  private static ClientSession.Credential credential(long serial) {
    return new ClientSession.Credential(
        new ClientSubject("device", "d1", "f1", "device"),
        "device",
        BigInteger.valueOf(serial),
        START);
  }

  private void pass(Duration time) {
    now = now.plus(time);
  }

  @Test
  void deviceBehindAChangingNat_isNoClone() {
    for (int i = 0; i < 5; i++) {
      assertThat(tookOver(1, "10.0.0." + i, "10.0.0." + (i + 1))).isEmpty();
      pass(Duration.ofSeconds(30));
    }
    assertThat(alarms.values()).isEmpty();
  }

  @Test
  void deviceThatReconnects_fromOneAddress_isNoClone() {
    for (int i = 0; i < 100; i++) {
      assertThat(tookOver(1, "10.0.0.1", "10.0.0.1")).isEmpty();
      pass(Duration.ofSeconds(11));
    }
  }

  @Test
  void deviceThatWandersBackOnce_isNoClone() {
    assertThat(tookOver(1, "wifi", "lte")).isEmpty();
    assertThat(tookOver(1, "lte", "wifi")).isEmpty();
    pass(CloneWatch.WINDOW.plusSeconds(1));
    assertThat(tookOver(1, "wifi", "lte")).isEmpty();
    assertThat(tookOver(1, "lte", "wifi")).isEmpty();
  }

  @Test
  void twoThatThrowEachOtherOut_raiseOneAlarm() {
    assertThat(tookOver(1, "a", "b")).isEmpty();
    assertThat(tookOver(1, "b", "a")).isEmpty();
    SessionAlarm alarm = tookOver(1, "a", "b").orElseThrow();
    assertThat(alarm.certificate()).isEqualTo("1");
    assertThat(alarm.addresses()).containsExactly("a", "b");
    pass(Duration.ofMinutes(1));
    assertThat(tookOver(1, "b", "a")).as("the alarm stands").isEmpty();
    assertThat(alarms.values()).singleElement().satisfies(one -> {
      assertThat(one.times()).isEqualTo(4);
      assertThat(one.raisedAt()).isEqualTo(START);
      assertThat(one.lastAt()).isEqualTo(now);
    });
  }

  @Test
  void deviceThatComesBackRenewed_isNoClone() {
    for (int i = 0; i < 5; i++) {
      assertThat(tookOver(i, "a", i + 1, i % 2 == 0 ? "b" : "a")).isEmpty();
    }
    assertThat(alarms.values()).isEmpty();
  }

  /** A thief who has renewed what he stole has another certificate; the device keeps its own. */
  @Test
  void twoWithCertificatesOfOneDevice_raiseAnAlarm_evenBehindOneAddress() {
    assertThat(tookOver(1, "nat", 2, "nat")).isEmpty();
    assertThat(tookOver(2, "nat", 1, "nat")).isEmpty();
    SessionAlarm alarm = tookOver(1, "nat", 2, "nat").orElseThrow();
    assertThat(alarm.certificate()).isEqualTo("2");
  }

  @Test
  void twoBehindOneAddress_raiseAnAlarmWhenTheyFlap() {
    for (int i = 0; i < CloneWatch.FLAPS; i++) {
      assertThat(tookOver(1, "a", "a")).isEmpty();
      pass(Duration.ofSeconds(5));
    }
    assertThat(tookOver(1, "a", "a")).isPresent();
  }
}
