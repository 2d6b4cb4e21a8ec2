/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.session;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.authz.TopicPolicy;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlapWatchTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir
  Path folder;

  private Instant now = START;
  private final List<SessionAlarm> alarms = new ArrayList<>();
  private final FlapWatch watch = new FlapWatch(
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
      alarms::add);
  private final Sessions sessions = new Sessions();
  private TopicPolicy policy;

  @BeforeEach
  void readPolicy() throws Exception {
    ClientSubject subject = new ClientSubject("device", "d1", "f1", "device");
    policy = ((PolicyFile.Admission.Admitted) policyFile().admit(subject, "d1")).policy();
  }

  private PolicyFile policyFile() throws IOException {
    return PolicyFile.read(Files.writeString(folder.resolve("policy.yaml"), DefaultPolicy.yaml()));
  }

  private void connect(String device) {
    ClientSubject subject = new ClientSubject("device", device, "f1", "device");
    watch.live(sessions.open(
        new ClientSession.Credential(subject, "device", BigInteger.ONE, START),
        new ClientSession.Connection(
            device, "10.0.0.1", true, 60, new ClientSession.Tls("", ""), now),
        policy));
  }

  @Test
  void deviceThatComesBackNowAndThen_isFine() {
    for (int i = 0; i < 200; i++) {
      connect("d1");
      now = now.plus(Duration.ofSeconds(31));
    }
    assertThat(alarms).isEmpty();
  }

  @Test
  void deviceThatComesAndGoes_raisesOneAlarmThatStands() {
    for (int i = 0; i <= FlapWatch.CONNECTS; i++) {
      connect("d1");
      connect("d" + (i + 2));
      now = now.plus(Duration.ofSeconds(10));
    }
    assertThat(alarms).singleElement().satisfies(alarm -> {
      assertThat(alarm.isNew()).isTrue();
      assertThat(alarm.client()).isEqualTo("d1");
      assertThat(alarm.times()).isEqualTo(FlapWatch.CONNECTS + 1);
    });
    connect("d1");
    assertThat(alarms.get(1).raisedAt()).isEqualTo(alarms.get(0).raisedAt());
    assertThat(alarms.get(1).times()).isEqualTo(FlapWatch.CONNECTS + 2);
    now = now.plus(FlapWatch.WINDOW).plusSeconds(1);
    connect("d1");
    assertThat(alarms).hasSize(2);
  }
}
