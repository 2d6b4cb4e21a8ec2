/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.muster.protocol.topic.CrlNotice;
import dev.muster.testing.TestPki.Credential;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
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
    HttpServer web =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    AtomicReference<byte[]> crl = new AtomicReference<>(new byte[0]);
    web.createContext("/crl/device.crl", exchange -> {
      exchange.sendResponseHeaders(200, crl.get().length);
      exchange.getResponseBody().write(crl.get());
      exchange.close();
    });
    web.start();
    URI crls = URI.create("http://localhost:" + web.getAddress().getPort() + "/crl/");
    BrokerFixture fixture = new BrokerFixture(folder);
    fixture.start(fixture.config(0, crls, Duration.ofHours(1)), sink -> sink);
    Credential bad = fixture.device("bad");
    MqttClient device = connect(fixture, bad, "bad");
    MqttClient service = connect(fixture, fixture.service("enrollment", "service"), "enrollment");
    try {
      crl.set(fixture.deviceCrl(9, many(bad.certificate().getSerialNumber())));
      assertThat(crl.get().length).isGreaterThan(2 * 1024 * 1024);
      long start = System.nanoTime();
      service.publish(
          "muster/revocations/device", new CrlNotice(BigInteger.valueOf(9)).encoded(), 1, true);
      await().atMost(Duration.ofSeconds(60)).until(() -> !device.isConnected());
      System.out.println("FIGURE notice of a CRL of " + ENTRIES + " entries, to cut, ms: "
          + Duration.ofNanos(System.nanoTime() - start).toMillis());
    } finally {
      fixture.close();
      web.stop(0);
    }
  }

  private static BigInteger[] many(BigInteger last) {
    BigInteger[] serials = new BigInteger[ENTRIES];
    for (int i = 0; i < ENTRIES; i++) {
      serials[i] = BigInteger.ONE.shiftLeft(128).add(BigInteger.valueOf(i));
    }
    serials[ENTRIES - 1] = last;
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
