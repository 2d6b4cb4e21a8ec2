/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.revocation.CrlServer;
import dev.muster.protocol.topic.CrlNotice;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A CRL too large for an MQTT packet is fetched as soon as somebody says that it is out. */
class CrlNoticeIT {
  private static final int ENTRIES = 60_000;

  @TempDir
  Path folder;

  @Test
  void crlNotice_hasTheBrokerFetchTheCrl_andCutWhatItRevokes() throws Exception {
    CrlServer web = new CrlServer();
    BrokerFixture fixture = new BrokerFixture(folder);
    fixture.start(fixture.config(0, web.uri(), Duration.ofHours(1)), sink -> sink);
    fixture.service("enrollment", "service");
    Credential bad = fixture.device("bad");
    Credential badToo = fixture.device("bad-too");
    BigInteger[] serials = Stream.of(bad, badToo)
        .map(one -> one.certificate().getSerialNumber())
        .toArray(BigInteger[]::new);
    String[] listen = {"-V", "mqttv5", "-t", "fleets/f1/devices/bad-too/commands/+"};
    try (Mosquitto.Subscriber deviceToo =
        new Mosquitto(fixture).sub("bad-too", "bad-too", listen).awaitOutput("Subscribed")) {
      MqttClient device = connect(fixture, bad, "bad");
      web.gives(TestPki.crl(fixture.serviceCa, 9, Duration.ofDays(1), List.of(serials)));
      assertThat(announce(fixture).output()).as("of another CA").contains("Payload format invalid");
      web.gives(fixture.deviceCrl(1, serials));
      assertThat(announce(fixture).exitCode()).as("an older one").isNotZero();
      assertThat(fixture.get("/sessions").encode()).contains("\"bad\"", "\"bad-too\"");

      byte[] large = fixture.deviceCrl(9, many(serials));
      assertThat(large.length).isGreaterThan(2 * 1024 * 1024);
      web.gives(large);
      long start = System.nanoTime();
      announce(fixture).expectSuccess();
      await().atMost(Duration.ofSeconds(60)).until(() -> !device.isConnected());
      System.out.println("FIGURE notice of a CRL of " + ENTRIES + " entries, to cut, ms: "
          + Duration.ofNanos(System.nanoTime() - start).toMillis());
      deviceToo.awaitOutput("Received DISCONNECT (135)");
    } finally {
      fixture.close();
      web.close();
    }
  }

  /** Says that number 9 is out, with mosquitto_pub, as the enrollment service. */
  private PeerProgram.Result announce(BrokerFixture fixture) {
    return new Mosquitto(fixture)
        .publishDeviceCrl("enrollment", new CrlNotice(BigInteger.valueOf(9)).encoded());
  }

  private static BigInteger[] many(BigInteger... last) {
    BigInteger[] serials = new BigInteger[ENTRIES];
    for (int i = 0; i < ENTRIES; i++) {
      serials[i] = BigInteger.ONE.shiftLeft(128).add(BigInteger.valueOf(i));
    }
    System.arraycopy(last, 0, serials, ENTRIES - last.length, last.length);
    return serials;
  }

  private static MqttClient connect(BrokerFixture fixture, Credential credential, String id)
      throws MqttException {
    MqttClient client =
        new MqttClient("ssl://localhost:" + fixture.port(), id, new MemoryPersistence());
    client.setTimeToWait(30_000);
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(credential).getSocketFactory());
    options.setAutomaticReconnect(false);
    client.connect(options);
    return client;
  }
}
