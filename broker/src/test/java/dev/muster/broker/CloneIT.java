/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLSocketFactory;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One certificate at two addresses: Linux answers on all of 127.0.0.0/8. */
class CloneIT {
  @TempDir
  static Path folder;

  private static BrokerFixture shared;

  @BeforeAll
  static void start() throws IOException {
    shared = new BrokerFixture(Files.createDirectory(folder.resolve("shared"))).start();
  }

  @AfterAll
  static void stop() {
    shared.close();
  }

  @Test
  void twoMachinesWithOneKey_raiseAnAlarm_whenTheyThrowEachOtherOut() throws Exception {
    Path alone = Files.createDirectory(folder.resolve("alone"));
    try (BrokerFixture fixture = new BrokerFixture(alone).start()) {
      Credential device = fixture.device("d1");
      connect(fixture, device, "127.0.0.1");
      connect(fixture, device, "127.0.0.2");
      connect(fixture, device, "127.0.0.1");
      assertThat(fixture.meters.counter("muster.clone.alarms").count()).isZero();
      connect(fixture, device, "127.0.0.2");
      assertThat(fixture.meters.counter("muster.clone.alarms").count()).isEqualTo(1);
      OperatorApi api = OperatorApi.of(fixture);
      await().until(() -> api.get("/sessions/alarms").getJsonArray("alarms").size() == 1);
      JsonObject alarm = api.get("/sessions/alarms").getJsonArray("alarms").getJsonObject(0);
      assertThat(alarm.getString("client")).isEqualTo("d1");
      assertThat(alarm.getJsonArray("addresses")).containsExactly("127.0.0.1", "127.0.0.2");
      assertThat(alarm.getString("detail")).contains("take-overs between");
      assertThat(fixture.meters.counter("muster.session.takeovers").count()).isEqualTo(3);
    }
    try (BrokerFixture later = new BrokerFixture(alone).start()) {
      OperatorApi api = OperatorApi.of(later);
      JsonObject alarm = api.get("/sessions/alarms").getJsonArray("alarms").getJsonObject(0);
      assertThat(alarm.getString("client")).as("kept over a restart").isEqualTo("d1");
      api.post("/sessions/alarms/" + alarm.getString("id") + "/acknowledge", "");
      assertThat(api.get("/sessions/alarms").getJsonArray("alarms")).isEmpty();
      assertThat(api.get("/sessions/alarms?all=true").getJsonArray("alarms")).hasSize(1);
      assertThat(api.send("POST", "/sessions/alarms/7/acknowledge", "").statusCode())
          .isEqualTo(404);
    }
  }

  private static JsonObject alarmOf(String client) throws Exception {
    OperatorApi api = OperatorApi.of(shared);
    return await()
        .until(
            () -> api.get("/sessions/alarms").getJsonArray("alarms").stream()
                .map(JsonObject.class::cast)
                .filter(alarm -> alarm.getString("client").equals(client))
                .toList(),
            alarms -> !alarms.isEmpty())
        .get(0);
  }

  /** They come back by themselves when they are thrown out, and so throw out the other. */
  @Test
  void twoMosquittosWithOneKey_raiseAnAlarm() throws Exception {
    Mosquitto mosquitto = new Mosquitto(shared);
    shared.device("d2");
    double before = shared.meters.counter("muster.session.takeovers").count();
    String[] commands = {"-t", "fleets/f1/devices/d2/commands/+"};
    try (Mosquitto.Subscriber one = mosquitto.sub("d2", "d2", from("127.0.0.1", commands));
        Mosquitto.Subscriber other = mosquitto.sub("d2", "d2", from("127.0.0.2", commands))) {
      one.awaitOutput("Subscribed");
      other.awaitOutput("Subscribed");
      JsonObject alarm = alarmOf("d2");
      assertThat(alarm.getString("kind")).isEqualTo("session");
      assertThat(alarm.getJsonArray("addresses"))
          .containsExactlyInAnyOrder("127.0.0.1", "127.0.0.2");
    }
    assertThat(shared.meters.counter("muster.session.takeovers").count())
        .isGreaterThanOrEqualTo(before + 3);
    assertThat(shared.meters.counter("muster.clone.alarms").count()).isPositive();
  }

  /** Both stay, and hear all: nobody but the operator would ever notice. */
  @Test
  void keyOfAService_atTwoAddresses_raisesAnAlarm_andSeveralClientsAtOneDoNot() throws Exception {
    Mosquitto mosquitto = new Mosquitto(shared);
    String[] listen = {"-k", "5", "-q", "1", "-t", "fleets/+/devices/+/events/#"};
    shared.service("collector", "consumer");
    shared.service("copied", "consumer");
    try (Mosquitto.Subscriber one = mosquitto.sub("collector", "collector:1", listen);
        Mosquitto.Subscriber two = mosquitto.sub("collector", "collector:2", listen);
        Mosquitto.Subscriber owner = mosquitto.sub("copied", "copied:1", listen)) {
      for (Mosquitto.Subscriber each : List.of(one, two, owner)) {
        each.awaitOutput("Subscribed");
      }
      try (Mosquitto.Subscriber thief =
          mosquitto.sub("copied", "copied:2", from("127.0.0.2", listen))) {
        thief.awaitOutput("Subscribed");
      }
      // The owner goes on, when the thief has gone already.
      JsonObject alarm = alarmOf("copied:1");
      assertThat(alarm.getString("kind")).isEqualTo("two_places");
      assertThat(alarm.getString("subject")).isEqualTo("CN=copied,OU=consumer");
      assertThat(alarm.getJsonArray("addresses")).containsExactly("127.0.0.1", "127.0.0.2");
      assertThat(alarm.getString("detail")).contains("in use at once at 127.0.0.1 and 127.0.0.2");
    }
    assertThat(
            shared.meters.counter("muster.session.alarms", "kind", "two_places").count())
        .as("that of the copied key alone")
        .isEqualTo(1);
  }

  private static String[] from(String address, String... arguments) {
    return Stream.concat(Stream.of("-A", address), Stream.of(arguments)).toArray(String[]::new);
  }

  @Test
  void deviceThatComesAndGoes_raisesOneAlarm() throws Exception {
    Mosquitto mosquitto = new Mosquitto(shared);
    shared.device("d1");
    for (int i = 0; i < 22; i++) {
      mosquitto.pub("d1", "d1", "-t", "fleets/f1/devices/d1/events/up", "-m", "1");
    }
    assertThat(alarmOf("d1").getString("kind")).isEqualTo("flapping");
    assertThat(
            shared.meters.counter("muster.session.alarms", "kind", "flapping").count())
        .isEqualTo(1);
  }

  private static void connect(BrokerFixture fixture, Credential device, String address)
      throws Exception {
    MqttAsyncClient client =
        new MqttAsyncClient("ssl://localhost:" + fixture.port(), "d1", new MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(new From(fixture.tls(device).getSocketFactory(), address));
    client.connect(options).waitForCompletion(60_000);
  }

  /** TLS from an address of our choice. */
  private static final class From extends SSLSocketFactory {
    private final SSLSocketFactory tls;
    private final String address;

    From(SSLSocketFactory tls, String address) {
      this.tls = tls;
      this.address = address;
    }

    @Override
    public Socket createSocket() throws IOException {
      Socket socket = tls.createSocket();
      socket.bind(new InetSocketAddress(address, 0));
      return socket;
    }

    @Override
    public Socket createSocket(String host, int port) throws IOException {
      return tls.createSocket(host, port, InetAddress.getByName(address), 0);
    }

    @Override
    public Socket createSocket(String host, int port, InetAddress local, int localPort)
        throws IOException {
      return createSocket(host, port);
    }

    @Override
    public Socket createSocket(InetAddress host, int port) throws IOException {
      return tls.createSocket(host, port, InetAddress.getByName(address), 0);
    }

    @Override
    public Socket createSocket(InetAddress host, int port, InetAddress local, int localPort)
        throws IOException {
      return createSocket(host, port);
    }

    @Override
    public Socket createSocket(Socket below, String host, int port, boolean autoClose)
        throws IOException {
      return tls.createSocket(below, host, port, autoClose);
    }

    @Override
    public String[] getDefaultCipherSuites() {
      return tls.getDefaultCipherSuites();
    }

    @Override
    public String[] getSupportedCipherSuites() {
      return tls.getSupportedCipherSuites();
    }
  }
}
