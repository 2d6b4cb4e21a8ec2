/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.DeviceClient.Library;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker that hears of no revocations any more lets nobody go on, until it does. */
class StaleCrlIT {
  private static final Duration LIFE = Duration.ofMinutes(10);
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.running();

  @Test
  void crlPastItsGrace_endsWhoSendsAndWhoListens_untilANewOneComes() throws Exception {
    try (BrokerFixture fixture = new BrokerFixture(folder)) {
      fixture.putCrl("device", TestPki.crl(fixture.deviceCa, 1, LIFE, List.of()));
      fixture.start(clock);
      DeviceClient sender = PahoDevice.connect(fixture, "sender");
      DeviceClient senderToo = Library.HIVEMQ.connect(fixture, "sender-too");
      DeviceClient listener = PahoDevice.connect(fixture, "listener");
      listener.subscribe("twin/desired");
      fixture.device("listener-too");
      String twin = "fleets/f1/devices/listener-too/twin/desired";
      Mosquitto.Subscriber listenerToo = new Mosquitto(fixture)
          .sub("listener-too", "listener-too", "-V", "mqttv5", "-t", twin)
          .awaitOutput("Subscribed");
      OperatorApi api = OperatorApi.of(fixture);
      clock.advance(LIFE.plusMinutes(30));
      assertThat(sender.publish("telemetry/env", "1")).as("in its grace").isLessThan(0x80);
      assertThat(senderToo.publish("telemetry/env", "1")).as("in its grace").isLessThan(0x80);
      assertThat(fixture.broker().problem().orElseThrow()).contains("overdue");
      clock.advance(Duration.ofMinutes(31));
      for (DeviceClient ended : List.of(sender, senderToo, listener)) {
        await().atMost(LIMIT).until(() -> !ended.isConnected() && ended.disconnectCode() != null);
        assertThat(ended.disconnectCode()).as("server busy").isEqualTo(0x89);
      }
      listenerToo.awaitOutput("Received DISCONNECT (137)").close();
      assertThat(fixture.broker().problem().orElseThrow()).contains("too old");
      await().atMost(LIMIT).until(() -> !alarms(api).isEmpty());
      JsonObject alarm = new JsonObject(alarms(api).get(0).toString());
      assertThat(alarm.getString("kind")).isEqualTo("stale_crl");
      assertThat(alarm.getString("detail")).contains("CRL of the device CA is too old");
      assertThat(alarm.getJsonArray("addresses")).isEmpty();
      PeerProgram.Result refused = publish(fixture);
      assertThat(refused.exitCode()).isNotZero();
      assertThat(refused.output()).as("not the client's fault").contains("Server unavailable");
      push(fixture);
      publish(fixture).expectSuccess();
      assertThat(fixture.broker().problem()).isEmpty();
      assertThat(alarms(api)).as("until an operator has seen it").hasSize(1);
    }
  }

  private static List<?> alarms(OperatorApi api) {
    return api.get("/sessions/alarms").getJsonArray("alarms").stream().toList();
  }

  /** A CRL of the time that the broker has, in which the enrollment service still is somebody. */
  private void push(BrokerFixture fixture) throws Exception {
    fixture.service("enrollment", "service");
    Duration ahead = Duration.between(Instant.now(), clock.instant());
    byte[] crl = TestPki.crl(fixture.deviceCa, 2, LIFE.plus(ahead), List.of());
    new Mosquitto(fixture).publishDeviceCrl("enrollment", crl).expectSuccess();
  }

  private static PeerProgram.Result publish(BrokerFixture fixture) throws Exception {
    return new Mosquitto(fixture)
        .pub(
            "sender",
            "sender",
            "-V",
            "mqttv5",
            "-q",
            "1",
            "-t",
            "fleets/f1/devices/sender/telemetry/env",
            "-m",
            "2");
  }
}
