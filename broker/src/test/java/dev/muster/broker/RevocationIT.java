/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5BlockingClient;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import dev.muster.broker.bench.MqttPackets;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.math.BigInteger;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A revoked or expired certificate ends sessions, and opens none, not even with a resumed TLS
 * session.
 */
class RevocationIT {
  @TempDir
  static Path folder;

  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Of one burst. */
  private static final int MANY = 400;

  private static final MovableClock CLOCK = MovableClock.running();

  private static BrokerFixture fixture;
  private static long crlNumber = 1;
  private static final List<BigInteger> REVOKED = new ArrayList<>();

  @BeforeAll
  static void start() throws IOException {
    fixture = new BrokerFixture(folder);
    Files.writeString(folder.resolve("policy.yaml"), DefaultPolicy.yaml() + """

          deaf:
            match: { issuer: device, CN: deaf }
            clientId: ["${subject.CN}"]
            subscribe: [fleets/+/devices/+/events/#]
        """);
    fixture.start(CLOCK);
    fixture.service("enrollment", "service");
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  /** Keeps what a client was told. */
  private static final class Client implements MqttCallback, AutoCloseable {
    final MqttClient mqtt;
    final List<String> messages = new CopyOnWriteArrayList<>();
    volatile Integer disconnectCode;
    volatile Instant lostAt;

    Client(Credential credential, String clientId) throws MqttException {
      mqtt = new MqttClient("ssl://localhost:" + fixture.port(), clientId, new MemoryPersistence());
      mqtt.setCallback(this);
      mqtt.setTimeToWait(60_000);
      MqttConnectionOptions options = new MqttConnectionOptions();
      options.setSocketFactory(fixture.tls(credential).getSocketFactory());
      options.setAutomaticReconnect(false);
      mqtt.connect(options);
    }

    @Override
    public void disconnected(MqttDisconnectResponse response) {
      lostAt = Instant.now();
      disconnectCode = response.getReturnCode();
    }

    @Override
    public void mqttErrorOccurred(MqttException exception) {}

    @Override
    public void messageArrived(String topic, MqttMessage message) {
      messages.add(new String(message.getPayload(), StandardCharsets.UTF_8));
    }

    @Override
    public void deliveryComplete(IMqttToken token) {}

    @Override
    public void connectComplete(boolean reconnect, String serverUri) {}

    @Override
    public void authPacketArrived(int reasonCode, MqttProperties properties) {}

    @Override
    public void close() throws MqttException {
      if (mqtt.isConnected()) {
        mqtt.disconnect(1_000);
      }
      mqtt.close();
    }
  }

  /** Publishes a CRL that also names this certificate, as the enrollment service does. */
  private static void revoke(Client service, Credential credential) throws MqttException {
    REVOKED.add(credential.certificate().getSerialNumber());
    crlNumber++;
    byte[] crl = fixture.deviceCrl(crlNumber, REVOKED.toArray(BigInteger[]::new));
    service.mqtt.publish("muster/revocations/device", crl, 1, true);
  }

  private static Client service() throws MqttException {
    return new Client(fixture.service("enrollment", "service"), "enrollment");
  }

  @Test
  void revokedCertificate_isCutAndAnsweredAndRefused() throws Exception {
    Credential good = fixture.device("good");
    Credential bad = fixture.device("bad");
    try (Client service = service();
        Client goodClient = new Client(good, "good");
        Client badClient = new Client(bad, "bad")) {
      service.mqtt.subscribe("muster/revocations/+/applied", 1);
      Instant before = Instant.now();
      revoke(service, bad);
      await().atMost(Duration.ofSeconds(60)).until(() -> badClient.lostAt != null);
      System.out.println("FIGURE revocation, publish to cut, ms: "
          + Duration.between(before, badClient.lostAt).toMillis());
      assertThat(badClient.disconnectCode).isEqualTo(0x87);
      await().until(() -> !service.messages.isEmpty());
      JsonObject applied = new JsonObject(service.messages.get(0));
      assertThat(applied.getString("crlNumber")).isEqualTo(Long.toString(crlNumber));
      assertThat(applied.getInteger("cut")).isEqualTo(1);
      assertThat(applied.getInteger("remaining")).isZero();
      assertThat(goodClient.mqtt.isConnected()).isTrue();
    }
    Mosquitto mosquitto = new Mosquitto(fixture);
    PeerProgram.Result refused = mosquitto.pub(
        "bad",
        "bad",
        "-V",
        "mqttv5",
        "-q",
        "1",
        "-t",
        "fleets/f1/devices/bad/telemetry/x",
        "-m",
        "1");
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.output()).contains("Not authorized");
    mosquitto
        .pub("good", "good", "-q", "1", "-t", "fleets/f1/devices/good/telemetry/x", "-m", "1")
        .expectSuccess();
  }

  /** It is told that it is cut, and its socket is closed when it has taken that: not before. */
  @Test
  void revokedCertificateOfWhoDoesNotRead_remains_untilItsConnectionIsClosed() throws Exception {
    Credential deaf = fixture.device("deaf");
    try (Client service = service();
        SSLSocket socket = (SSLSocket) fixture.tls(deaf).getSocketFactory().createSocket()) {
      service.mqtt.subscribe("muster/revocations/+/applied", 1);
      socket.setReceiveBufferSize(4_096);
      socket.setSoTimeout(60_000);
      socket.connect(new InetSocketAddress("localhost", fixture.port()));
      socket.getOutputStream().write(MqttPackets.connect(MqttPackets.MQTT_5, "deaf", 60));
      socket.getOutputStream().write(MqttPackets.subscribe(1, "fleets/f1/devices/talks/events/#"));
      awaitPacket(socket.getInputStream(), 0x90);
      fillTheWay();
      revoke(service, deaf);
      JsonObject applied = applied(service);
      assertThat(applied.getInteger("cut")).isZero();
      assertThat(applied.getInteger("remaining")).isEqualTo(1);
      assertThat(fixture.get("/sessions").encode()).doesNotContain("\"deaf\"");
      socket.getOutputStream().write(MqttPackets.PINGREQ);
    }
    try (Client service = service()) {
      service.mqtt.subscribe("muster/revocations/+/applied", 1);
      await().atMost(Duration.ofSeconds(60)).until(() -> {
        service.messages.clear();
        revoke(service, fixture.device("nobody"));
        return applied(service).getInteger("remaining") == 0;
      });
    }
  }

  private static JsonObject applied(Client service) {
    await()
        .until(() -> service.messages.stream()
            .anyMatch(told -> told.contains("\"crlNumber\":\"" + crlNumber + "\"")));
    return new JsonObject(service.messages.get(service.messages.size() - 1));
  }

  private static void awaitPacket(InputStream stream, int wanted) throws IOException {
    DataInputStream in = new DataInputStream(stream);
    int type;
    do {
      type = in.readUnsignedByte();
      in.readNBytes(in.readUnsignedByte());
    } while (type != wanted);
  }

  /** More than the buffers of a connection hold. */
  private static void fillTheWay() {
    Mqtt5BlockingClient talks = fixture.hiveMqClient("talks").useMqttVersion5().buildBlocking();
    talks.connect();
    byte[] event = new byte[131_000];
    for (int i = 0; i < 60; i++) {
      talks
          .publishWith()
          .topic("fleets/f1/devices/talks/events/e")
          .qos(MqttQos.AT_LEAST_ONCE)
          .payload(event)
          .send();
    }
    talks.disconnect();
  }

  /**
   * A list is in force a moment before its sessions are cut: what comes in between is refused by
   * the look at each message. Whoever has sent much has something come then, or the next one has.
   */
  @Test
  void messageAfterTheRevocation_isRefused_beforeItsSessionIsCut() throws Exception {
    try (Client service = service()) {
      for (int i = 0; !revokedWhileItPublishes("busy-" + i, service); i++) {
        assertThat(i).as("all came too early, or too late").isLessThan(100);
      }
    }
  }

  /** @return whether a message was refused, and not only the connection ended */
  private static boolean revokedWhileItPublishes(String id, Client service) throws Exception {
    Credential credential = fixture.device(id);
    Mqtt5AsyncClient device =
        fixture.hiveMqClient(id, credential).useMqttVersion5().buildAsync();
    device.connect().get(60, TimeUnit.SECONDS);
    List<CompletableFuture<Mqtt5PublishResult>> sent = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      sent.add(publish(device, id));
    }
    sent.get(0).get(60, TimeUnit.SECONDS);
    revoke(service, credential);
    await().until(() -> sent.stream().allMatch(CompletableFuture::isDone));
    long acknowledged =
        sent.stream().filter(one -> !one.isCompletedExceptionally()).count();
    int stored = fixture
        .get("/devices/" + id + "/messages?limit=1000")
        .getJsonArray("messages")
        .size();
    assertThat((long) stored).isBetween(acknowledged, (long) MANY);
    JsonArray refusals = fixture.get("/refusals/" + id).getJsonArray("refusals");
    boolean refused = refusals.encode().contains("\"publish revoked\"");
    if (refused) {
      assertThat(stored).isLessThan(MANY);
    }
    return refused;
  }

  @Test
  void crl_thatIsForgedOrOlderOrGarbage_changesNothing() throws Exception {
    Credential paho = fixture.device("stays");
    Credential mosquitto = fixture.device("stays-too");
    List<BigInteger> serials = Stream.of(paho, mosquitto)
        .map(one -> one.certificate().getSerialNumber())
        .toList();
    String[] listen = {"-V", "mqttv5", "-t", "fleets/f1/devices/stays-too/commands/+"};
    try (Client service = service();
        Client device = new Client(paho, "stays");
        Mosquitto.Subscriber deviceToo = new Mosquitto(fixture)
            .sub("stays-too", "stays-too", listen)
            .awaitOutput("Subscribed")) {
      for (byte[] crl : notOfTheDeviceCa(serials)) {
        service.mqtt.publish("muster/revocations/device", crl, 1, true);
        assertThat(push(crl).output()).contains("Payload format invalid");
      }
      // In force and answered, although it is old.
      service.mqtt.subscribe("muster/revocations/+/applied", 1);
      byte[] older = fixture.deviceCrl(1, serials.toArray(BigInteger[]::new));
      service.mqtt.publish("muster/revocations/device", older, 1, true);
      push(older).expectSuccess();
      await().until(() -> service.messages.size() == 2);
      assertThat(service.messages)
          .allMatch(told -> told.contains("\"crlNumber\":\"" + crlNumber + "\""));
      assertThat(service.mqtt.isConnected()).isTrue();
      assertThat(device.mqtt.isConnected()).isTrue();
      assertThat(deviceToo.process().isAlive()).isTrue();
      assertThat(fixture.get("/sessions").encode()).contains("\"stays\"", "\"stays-too\"");
      assertThat(fixture.get("/refusals/enrollment").encode())
          .contains("\"publish crl\":8", "CRL: not signed by the issuing CA");
    }
  }

  /** Of another CA of ours, of somebody with the same name, changed on its way, and no CRL. */
  private static List<byte[]> notOfTheDeviceCa(List<BigInteger> serials) {
    Credential namesake =
        TestPki.root("CN=Test Root").issue("CN=Device CA").ca().build();
    byte[] changed = fixture.deviceCrl(999, serials.toArray(BigInteger[]::new));
    changed[changed.length - 1] ^= 1;
    return List.of(
        TestPki.crl(fixture.serviceCa, 999, Duration.ofDays(1), serials),
        TestPki.crl(namesake, 999, Duration.ofDays(1), serials),
        changed,
        new byte[] {1, 2, 3});
  }

  private static PeerProgram.Result push(byte[] crl) {
    return new Mosquitto(fixture).publishDeviceCrl("enrollment:2", crl);
  }

  @Test
  void expiringCertificate_endsItsSession() throws Exception {
    String[] listen = {"-V", "mqttv5", "-t", "fleets/f1/devices/listens/commands/+"};
    fixture.keep("listens", forAMinute("listens"));
    try (Mosquitto.Subscriber listener =
            new Mosquitto(fixture).sub("listens", "listens", listen).awaitOutput("Subscribed");
        Client client = new Client(forAMinute("brief"), "brief")) {
      assertThat(client.mqtt.isConnected()).isTrue();
      CLOCK.advance(MINUTE);
      await().until(() -> client.disconnectCode != null);
      assertThat(client.disconnectCode).isEqualTo(0x87);
      listener.awaitOutput("Received DISCONNECT (135)");
    }
  }

  /** Sessions are looked through each second: what comes earlier is refused as it comes. */
  @Test
  void messageAfterTheEndOfItsCertificate_isRefused_beforeItsSessionIsCut() throws Exception {
    for (int i = 0; !expiresBetweenTwoMessages("expires-" + i); i++) {
      assertThat(i).as("was always cut before its message came").isLessThan(100);
    }
  }

  /** @return whether the second was refused, and not only the connection ended */
  private static boolean expiresBetweenTwoMessages(String id) throws Exception {
    CompletableFuture<Throwable> cut = new CompletableFuture<>();
    Mqtt5AsyncClient device = fixture
        .hiveMqClient(id, forAMinute(id))
        .addDisconnectedListener(context -> cut.complete(context.getCause()))
        .useMqttVersion5()
        .buildAsync();
    device.connect().get(60, TimeUnit.SECONDS);
    publish(device, id).get(60, TimeUnit.SECONDS);
    CLOCK.advance(MINUTE);
    CompletableFuture<Mqtt5PublishResult> second = publish(device, id);
    assertThat(cut.get(60, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            Mqtt5DisconnectException.class,
            told -> assertThat(told.getMqttMessage().getReasonCode())
                .isEqualTo(Mqtt5DisconnectReasonCode.NOT_AUTHORIZED));
    await().until(second::isDone);
    assertThat(second).isCompletedExceptionally();
    assertThat(fixture.get("/devices/" + id + "/messages").getJsonArray("messages"))
        .hasSize(1);
    return fixture.get("/refusals/" + id).encode().contains("\"publish expired\"");
  }

  private static CompletableFuture<Mqtt5PublishResult> publish(Mqtt5AsyncClient device, String id) {
    return device
        .publishWith()
        .topic("fleets/f1/devices/" + id + "/telemetry/x")
        .qos(MqttQos.AT_LEAST_ONCE)
        .payload(new byte[] {'1'})
        .send();
  }

  /** A certificate that has expired when the clock is put forward by a minute. */
  private static Credential forAMinute(String device) {
    // In a certificate there are whole seconds, so that it ends a moment earlier.
    Instant end = CLOCK.instant().plus(MINUTE);
    return fixture
        .deviceCa
        .issue(BrokerFixture.deviceName(device))
        .validity(end.minusSeconds(3_600), end)
        .build();
  }

  /** A raw client, so that the TLS session can be watched: sends CONNECT, returns the CONNACK. */
  private static byte[] connect(SSLContext context, String clientId, String protocol)
      throws IOException {
    try (SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket("localhost", fixture.port())) {
      socket.setEnabledProtocols(new String[] {protocol});
      socket.setSoTimeout(60_000);
      socket.getOutputStream().write(connectPacket(clientId));
      socket.getOutputStream().flush();
      InputStream in = socket.getInputStream();
      byte[] connack = in.readNBytes(4);
      lastSessionCreated = socket.getSession().getCreationTime();
      return connack;
    }
  }

  private static byte[] connectPacket(String clientId) {
    return MqttPackets.connect(MqttPackets.MQTT_3, clientId, 60);
  }

  private static long lastSessionCreated;

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void revokedCertificate_withAResumedTlsSession_isRefused(String protocol) throws Exception {
    String id = "resume-" + protocol.charAt(protocol.length() - 1);
    Credential device = fixture.device(id);
    SSLContext context = fixture.tls(device);
    assertThat(connect(context, id, protocol)).containsExactly(0x20, 2, 0, 0);
    long firstSession = lastSessionCreated;
    assertThat(connect(context, id, protocol)).containsExactly(0x20, 2, 0, 0);
    assertThat(lastSessionCreated).as("resumed").isEqualTo(firstSession);
    try (Client service = service()) {
      revoke(service, device);
    }
    assertThat(connect(context, id, protocol)).as("not authorized").containsExactly(0x20, 2, 0, 5);
    assertThat(lastSessionCreated).as("resumed").isEqualTo(firstSession);
  }

  @Test
  void opensslResumption_ofARevokedCertificate_isReused_andRefused() throws Exception {
    Credential device = fixture.device("ossl");
    PeerProgram openssl = PeerProgram.require("openssl");
    String[] common = {
      "s_client",
      "-connect",
      "localhost:" + fixture.port(),
      "-CAfile",
      "root.pem",
      "-tls1_2",
      "-cert",
      "ossl.pem",
      "-key",
      "ossl.key"
    };
    List<String> first = new ArrayList<>(List.of(common));
    first.addAll(List.of("-sess_out", "ossl.sess"));
    openssl.run(folder, new byte[0], Duration.ofSeconds(60), first.toArray(String[]::new));
    try (Client service = service()) {
      revoke(service, device);
    }
    List<String> second = new ArrayList<>(List.of(common));
    // Until the broker closes.
    second.addAll(List.of("-sess_in", "ossl.sess", "-ign_eof"));
    PeerProgram.Result result = openssl.run(
        folder, connectPacket("ossl"), Duration.ofSeconds(60), second.toArray(String[]::new));
    assertThat(result.stdout()).as("CONNACK: not authorized").contains("\u0020\u0002\u0000\u0005");
    try (BufferedReader lines = new BufferedReader(new StringReader(result.stdout()))) {
      assertThat(lines.lines().anyMatch(line -> line.startsWith("Reused,"))).isTrue();
    }
  }
}
