/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.muster.broker.telemetry.FlushingDisk;
import dev.muster.broker.telemetry.JournaledStore;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.coap.CoapsConfig;
import dev.muster.testing.CoapsClient;
import dev.muster.testing.CoapsContract;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import dev.muster.testing.UdpNat;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Stream;
import org.eclipse.californium.core.coap.BlockOption;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.CoAP.Type;
import org.eclipse.californium.core.coap.Message;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.config.CoapConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Devices over CoAP: what is stored, what is refused and how, and whose session ends. */
class DeviceCoapIT extends CoapsContract {
  private static final HexFormat HEX = HexFormat.of();
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int MESSAGES = 12;
  /** As the policy has it here; less than what is put together of blocks. */
  private static final int PAYLOAD_BYTES = 8_192;
  /** As options: Uri-Path t and s, Content-Format 50. */
  private static final String A_STREAM = "b174" + "0173" + "1132";
  /** As a code. */
  private static final int CHANGED = 0x44;

  @TempDir
  static Path folder;

  private static final Store STORE = new Store();
  private static BrokerFixture fixture;
  private static long crlNumber = 1;

  /** The real one, which counts, and can be out of order. */
  private static final class Store implements TelemetrySink {
    /** It takes what is on this stream, and never comes to an end with it. */
    private static final String SLOW = "slow";
    /** What is on this stream is for {@link #another}. */
    private static final String HELD = "held";

    private final AtomicInteger asked = new AtomicInteger();
    private TelemetrySink real;
    private volatile boolean broken;
    private volatile @Nullable TelemetrySink another;
    private volatile @Nullable TelemetryMessage last;

    TelemetrySink before(TelemetrySink sink) {
      real = sink;
      return this;
    }

    @Override
    public CompletableFuture<Stored> store(TelemetryMessage message) {
      asked.incrementAndGet();
      last = message;
      if (message.topic().stream().equals(SLOW)) {
        return new CompletableFuture<>();
      }
      if (message.topic().stream().equals(HELD)) {
        return Objects.requireNonNull(another).store(message);
      }
      return broken
          ? CompletableFuture.failedFuture(new IOException("disk full"))
          : real.store(message);
    }

    /**
     * Has the last message stored once more, and whoever stores it wait: it answers, and does not
     * come back from that.
     */
    void holdUp(CountDownLatch leave) throws InterruptedException {
      Thread here = Thread.currentThread();
      CountDownLatch held = new CountDownLatch(1);
      do {
        real.store(Objects.requireNonNull(last)).thenRun(() -> {
          // Or else it was done before it was asked about.
          if (Thread.currentThread() != here) {
            held.countDown();
            awaitQuietly(leave);
          }
        });
      } while (!held.await(1, TimeUnit.SECONDS));
    }

    private static void awaitQuietly(CountDownLatch latch) {
      try {
        latch.await(60, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    /** Has the last message stored over and over, until no more is taken. @return how often */
    int fill() {
      int taken = 0;
      while (taken < 100_000
          && !real.store(Objects.requireNonNull(last)).isCompletedExceptionally()) {
        taken++;
      }
      return taken;
    }

    @Override
    public Optional<String> problem() {
      return real.problem();
    }

    @Override
    public void close() {
      real.close();
    }
  }

  @BeforeAll
  static void start() throws IOException {
    fixture = new BrokerFixture(folder);
    Files.writeString(
        folder.resolve("policy.yaml"),
        DefaultPolicy.yaml()
                .replace("messagesPerSecond: 200", "messagesPerSecond: 20")
                .replace("payloadBytes: 131072, m", "payloadBytes: " + PAYLOAD_BYTES + ", m")
            + """

              curbed:
                match: { issuer: device, CN: curbed }
                clientId: ["${subject.CN}"]
                deny:
                  publish: [ "fleets/+/devices/curbed/telemetry/secret" ]
            """);
    BrokerConfig mqtt = fixture.config(0, null);
    BrokerConfig config = new BrokerConfig(
        mqtt.core(),
        mqtt.host(),
        mqtt.mqttPort(),
        mqtt.serverKey(),
        mqtt.serverChain(),
        mqtt.limits(),
        new CoapsConfig("127.0.0.1", 0, new CoapsConfig.Limits(10_000, HANDSHAKES, 200, 50)));
    fixture.start(config, STORE::before);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  @Override
  protected int port() {
    return coapsPort();
  }

  private static int coapsPort() {
    return fixture.broker().coapsPort().getAsInt();
  }

  @Override
  protected X509Certificate root() {
    return fixture.root.certificate();
  }

  @Override
  protected MeterRegistry meters() {
    return fixture.meters;
  }

  @Override
  protected String name() {
    return "muster.coap";
  }

  /** Whose CA is an intermediate one. */
  @Override
  protected Credential device(String id) {
    return fixture.device(id);
  }

  @Override
  protected Post post(String id) {
    return new Post("/t/s", 50, ("{\"" + id + "\":\"" + "x".repeat(140) + "\"}").getBytes(UTF_8));
  }

  @Override
  protected void assertServed(CoapsClient known) {
    expect(ResponseCode.CHANGED, "", known.send(json("{\"a\":1}"), "/t/s"));
  }

  private static CoapsClient client(Credential credential) {
    return new CoapsClient(coapsPort(), fixture.root.certificate(), credential);
  }

  private static Request post(int format, byte[] payload) {
    Request request = Request.newPost();
    request.setPayload(payload);
    request.getOptions().setContentFormat(format);
    return request;
  }

  private static Request json(String payload) {
    return post(50, payload.getBytes(UTF_8));
  }

  private static void expect(ResponseCode code, String detail, Response response) {
    assertThat(response.getCode()).as(response.toString()).isEqualTo(code);
    assertThat(response.getPayloadString()).contains(detail);
  }

  private static List<String> latest(String device) {
    JsonObject latest = fixture.get("/devices/" + device + "/telemetry/latest");
    return latest.getJsonArray("values").stream()
        .map(JsonObject.class::cast)
        .map(value -> value.getString("stream") + "/" + value.getString("metric") + "="
            + value.getValue("value"))
        .toList();
  }

  private static long messages(String device, String stream) {
    return fixture.get("/devices/" + device + "/messages").getJsonArray("messages").stream()
        .map(JsonObject.class::cast)
        .filter(message -> message.getString("stream").equals(stream))
        .count();
  }

  @Test
  void telemetry_inEachForm_isStored_andSeenByWhoSubscribed() throws Exception {
    fixture.service("reader", "consumer");
    try (Mosquitto.Subscriber reader = new Mosquitto(fixture)
            .sub("reader", "reader", "-q", "1", "-t", "fleets/+/devices/forms/telemetry/#")
            .awaitOutput("Subscribed");
        CoapsClient device = client(fixture.device("forms"))) {
      byte[] senmlCbor = HEX.parseHex("81a2006174" + "02" + "f94d60");
      for (Request request : List.of(
          post(110, "[{\"n\":\"a\",\"v\":1.5}]".getBytes(UTF_8)),
          post(112, senmlCbor),
          post(60, HEX.parseHex("a1616202")),
          json("{\"c\":3}"),
          post(0, "4".getBytes(UTF_8)))) {
        expect(ResponseCode.CHANGED, "", device.send(request, "/t/s"));
      }
      reader.awaitOutput("{\"c\":3}");
    }
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(latest("forms"))
            .contains("s/a=1.5", "s/t=21.5", "s/b=2.0", "s/c=3.0", "s/value=4.0"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ECDHE-ECDSA-AES128-CCM8", "ECDHE-ECDSA-AES128-GCM-SHA256"})
  void telemetry_ofAClientThatOffersOneCipherAlone_isStored(String cipher) throws Exception {
    String id = cipher.toLowerCase(Locale.ROOT);
    fixture.device(id);
    try (RawCoapClient device =
        RawCoapClient.byOpenssl(folder, coapsPort(), id, RawCoapClient.offering(cipher))) {
      RawCoapClient.Answer stored = device.ask(2, "01", A_STREAM, "{\"a\":1}".getBytes(UTF_8));
      assertThat(stored.code()).isEqualTo(CHANGED);
    }
    await().atMost(LIMIT).until(() -> latest(id).contains("s/a=1.0"));
  }

  @Test
  void telemetry_thatComesAgain_isStoredOnce() {
    try (CoapsClient device = client(fixture.device("twice"))) {
      int before = STORE.asked.get();
      Request request = json("{\"a\":1}");
      request.setMID(4711);
      Request again = json("{\"a\":1}");
      again.setMID(4711);
      again.setType(Type.CON);
      expect(ResponseCode.CHANGED, "", device.send(request, "/t/once"));
      again.setToken(request.getToken());
      expect(ResponseCode.CHANGED, "", device.send(again, "/t/once"));
      assertThat(STORE.asked.get()).as("the message id tells").isEqualTo(before + 1);

      for (int i = 0; i < 2; i++) {
        expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":2}"), "/t/counted?b=boot1&q=7"));
      }
    }
    await().atMost(LIMIT).until(() -> messages("twice", "counted") == 1);
    assertThat(messages("twice", "once")).isEqualTo(1);
  }

  @Test
  void telemetry_overABadNetwork_isStoredOnce() {
    long seed = new Random().nextLong();
    try (DatagramProxy network = DatagramProxy.to(coapsPort(), seed);
        CoapsClient device =
            new CoapsClient(network.port(), fixture.root.certificate(), fixture.device("radio"))) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      for (int i = 1; i <= MESSAGES; i++) {
        Response response = device.send(json("{\"a\":" + i + "}"), "/t/s");
        assertThat(response.getCode()).as("seed " + seed).isEqualTo(ResponseCode.CHANGED);
      }
      String what = "seed " + seed + " " + network.counts();
      await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(latest("radio")).as(what).contains("s/a=12.0"));
      assertThat(messages("radio", "s")).as(what).isEqualTo(MESSAGES);
      assertThat(network.counts().hasAllFaults()).as(what).isTrue();
    }
  }

  /** By OpenSSL: its certificate comes in pieces, and some of them not at all, or late. */
  @Test
  void telemetry_inFragments_overABadNetwork_isStoredOnce() throws Exception {
    long seed = new Random().nextLong();
    assertThat(fixture.device("mesh").certificate().getEncoded().length).isGreaterThan(300);
    try (DatagramProxy network = DatagramProxy.to(coapsPort(), seed)) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      try (RawCoapClient device =
          RawCoapClient.byOpenssl(folder, network.port(), "mesh", RawCoapClient.inFragments())) {
        for (int i = 1; i <= MESSAGES; i++) {
          RawCoapClient.Answer stored = device.ask(
              2, HEX.toHexDigits((byte) i), A_STREAM, ("{\"a\":" + i + "}").getBytes(UTF_8));
          assertThat(stored.code()).as("seed " + seed).isEqualTo(CHANGED);
        }
        String what = "seed " + seed + " " + network.counts();
        await().atMost(LIMIT).until(() -> latest("mesh").contains("s/a=12.0"));
        assertThat(messages("mesh", "s")).as(what).isEqualTo(MESSAGES);
        assertThat(network.counts().hasAllFaults()).as(what).isTrue();
        assertThat(network.counts().longestAsked()).as(what).isLessThanOrEqualTo(300);
      }
    }
  }

  @Test
  void telemetry_whileTheStoreIsBroken_is503WithMaxAge_andLaterStored() {
    try (CoapsClient device = client(fixture.device("patient"))) {
      STORE.broken = true;
      Response busy = device.send(json("{\"a\":1}"), "/t/s?b=b1&q=1");
      expect(ResponseCode.SERVICE_UNAVAILABLE, "try again", busy);
      assertThat(busy.getOptions().getMaxAge()).isBetween(1L, 60L);
      STORE.broken = false;
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":1}"), "/t/s?b=b1&q=1"));
    } finally {
      STORE.broken = false;
    }
  }

  /** Of the real store, whose thread is kept from going on. */
  @Test
  void telemetry_whileTheQueueIsFull_is503WithMaxAge_andLaterStored() throws Exception {
    CountDownLatch leave = new CountDownLatch(1);
    try (CoapsClient device = client(fixture.device("crowded"))) {
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":1}"), "/t/s?b=b1&q=1"));
      STORE.holdUp(leave);
      assertThat(STORE.fill()).as("what waits").isBetween(1_000, 99_999);
      Response busy = device.send(json("{\"a\":2}"), "/t/s?b=b1&q=2");
      expect(ResponseCode.SERVICE_UNAVAILABLE, "try again", busy);
      assertThat(busy.getOptions().getMaxAge()).isBetween(1L, 60L);
      leave.countDown();
      await()
          .atMost(LIMIT)
          .untilAsserted(() ->
              expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":2}"), "/t/s?b=b1&q=2")));
    } finally {
      leave.countDown();
    }
    await().atMost(LIMIT).until(() -> latest("crowded").contains("s/a=2.0"));
    assertThat(messages("crowded", "s")).isEqualTo(2);
  }

  /** For longer than ten seconds; who is not concerned is served. */
  @Test
  void telemetry_whileTheStoreIsSlow_is503WithMaxAge() {
    try (CoapsClient device = client(fixture.device("delayed"));
        CoapsClient other = client(fixture.device("unconcerned"))) {
      Request waiting = device.begin(json("{\"a\":1}"), "/t/" + Store.SLOW);
      expect(ResponseCode.CHANGED, "", other.send(json("{\"a\":1}"), "/t/s"));
      await().atMost(LIMIT).until(() -> waiting.getResponse() != null);
      expect(ResponseCode.SERVICE_UNAVAILABLE, "try again", waiting.getResponse());
      assertThat(waiting.getResponse().getOptions().getMaxAge()).isBetween(1L, 60L);
    }
  }

  /** What is written to the journal is on no disk yet. */
  @Test
  void telemetry_isAnsweredWhenItIsFlushed_andNotBefore() throws Exception {
    FlushingDisk disk = new FlushingDisk();
    CountDownLatch flushed = disk.hold();
    try (TelemetrySink held =
            new JournaledStore(Files.createDirectory(folder.resolve("held")), disk);
        CoapsClient device = client(fixture.device("held"));
        CoapsClient other = client(fixture.device("not-held"))) {
      STORE.another = held;
      Request waiting = device.begin(json("{\"a\":1}"), "/t/" + Store.HELD);
      disk.awaitFlush();
      expect(ResponseCode.CHANGED, "", other.send(json("{\"a\":1}"), "/t/s"));
      assertThat(waiting.getResponse()).isNull();
      assertThat(disk.flushes()).isZero();
      flushed.countDown();
      await().atMost(LIMIT).until(() -> waiting.getResponse() != null);
      expect(ResponseCode.CHANGED, "", waiting.getResponse());
      assertThat(disk.flushes()).isPositive();
    }
  }

  @Test
  void telemetry_thatThePolicyDoesNotAllow_is403_andStoredNowhere() {
    try (CoapsClient device = client(fixture.device("curbed"))) {
      int before = STORE.asked.get();
      double counted = refused("publish", "policy");
      expect(
          ResponseCode.FORBIDDEN,
          "publish is denied on this topic",
          device.send(json("{\"a\":1}"), "/t/secret"));
      assertThat(STORE.asked.get()).isEqualTo(before);
      assertThat(refused("publish", "policy")).isGreaterThan(counted);
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":1}"), "/t/s"));
    }
    assertThat(fixture.get("/refusals/curbed").encode()).contains("telemetry/secret");
  }

  /** RFC 7959, 2.9.3: it says how much would have done. */
  @Test
  void telemetry_ofMoreBytesThanThePolicyAllows_is413WithSize1() {
    try (CoapsClient device = client(fixture.device("wordy"))) {
      Response tooLarge = device.send(json("x".repeat(PAYLOAD_BYTES + 1)), "/t/s");
      expect(
          ResponseCode.REQUEST_ENTITY_TOO_LARGE,
          "payload: 8193 bytes (expected: at most 8192)",
          tooLarge);
      assertThat(tooLarge.getOptions().getSize1()).isEqualTo(PAYLOAD_BYTES);
      String text = '"' + "x".repeat(4_000) + '"';
      expect(
          ResponseCode.CHANGED,
          "",
          device.send(json("{\"a\":" + text + ",\"b\":" + text + "}"), "/t/s"));
    }
    assertThat(fixture.get("/refusals/wordy").encode()).contains("limits.payloadBytes");
  }

  /** RFC 7959, 2.3: blocks of 1024 bytes are proposed, and half of that is what we say to it. */
  @Test
  void blocks_thatAreLargerThanOurs_goOnInOurSize_bothWays() throws Exception {
    OperatorApi operator = OperatorApi.of(fixture);
    try (CoapsClient device = new CoapsClient(
        "127.0.0.1",
        port(),
        fixture.root.certificate(),
        fixture.device("roomy"),
        settings -> settings
            .set(CoapConfig.PREFERRED_BLOCK_SIZE, 1024)
            .set(CoapConfig.MAX_MESSAGE_SIZE, 1024))) {
      List<Message> heard = device.overhear();
      String large = "x".repeat(3_000);
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":\"" + large + "\"}"), "/t/s"));
      assertThat(blocks(heard, Request.class, OptionSet::getBlock1))
          .containsExactly("0/1024", "2/512", "3/512", "4/512", "5/512");
      assertThat(blocks(heard, Response.class, OptionSet::getBlock1)).startsWith("0/512");

      operator.patch("/devices/roomy/twin", "{\"note\":\"" + large + "\"}");
      Request asked = Request.newGet();
      asked.getOptions().setBlock2(6, false, 0);
      expect(ResponseCode.CONTENT, large, device.send(asked, "/twin"));
      assertThat(blocks(heard, Request.class, OptionSet::getBlock2)).startsWith("0/1024", "1/512");
      assertThat(blocks(heard, Response.class, OptionSet::getBlock2))
          .startsWith("0/512", "1/512")
          .hasSizeGreaterThan(5);
    }
  }

  /** What is sent again is there once. */
  private static Stream<String> blocks(
      List<Message> heard,
      Class<? extends Message> kind,
      Function<OptionSet, @Nullable BlockOption> block) {
    return heard.stream()
        .filter(kind::isInstance)
        .map(message -> block.apply(message.getOptions()))
        .filter(Objects::nonNull)
        .map(one -> one.getNum() + "/" + one.getSize())
        .distinct();
  }

  @Test
  void telemetry_thatIsWrongForGood_isToldWhy() {
    try (CoapsClient device = client(fixture.device("wrong"))) {
      expect(
          ResponseCode.BAD_REQUEST, "kept as a dead letter", device.send(json("{\"a\":"), "/t/s"));
      expect(
          ResponseCode.UNSUPPORTED_CONTENT_FORMAT,
          "expected: [0, 50, 60, 110, 112]",
          device.send(post(42, new byte[] {1}), "/t/s"));
      expect(ResponseCode.NOT_FOUND, "/t/<stream>, /twin", device.send(json("{}"), "/telemetry/s"));
      expect(ResponseCode.METHOD_NOT_ALLOWED, "POST", device.get("/t/s"));
      expect(ResponseCode.BAD_REQUEST, "stream", device.send(json("{}"), "/t/-s"));
      expect(ResponseCode.BAD_OPTION, "Uri-Query", device.send(json("{}"), "/t/s?x=1"));
      expect(ResponseCode.BAD_REQUEST, "seq", device.send(json("{}"), "/t/s?b=b1&q=0"));
      expect(
          ResponseCode.REQUEST_ENTITY_TOO_LARGE, "", device.send(json("x".repeat(20_000)), "/t/s"));
      expect(
          ResponseCode.CHANGED,
          "",
          device.send(json("{\"a\":\"" + "x".repeat(3_000) + "\"}"), "/t/s"));
    }
  }

  @Test
  void telemetry_ofWhoIsNoDevice_isRefused() {
    Credential service = fixture.service("collector", "consumer");
    Credential stranger =
        TestPki.root("CN=Elsewhere").issue(BrokerFixture.deviceName("x")).build();
    Credential expired = fixture
        .deviceCa
        .issue(BrokerFixture.deviceName("old"))
        .validity(Instant.now().minusSeconds(7_200), Instant.now().minusSeconds(3_600))
        .build();
    int before = STORE.asked.get();
    refused(service, "certificate of a service");
    refused(stranger, "unknown CA");
    double counted = refused("connect", "not_authorized");
    refused(expired, "expired");
    assertThat(refused("connect", "not_authorized")).isGreaterThan(counted);
    assertThat(STORE.asked.get()).isEqualTo(before);
    assertThat(fixture.get("/refusals/old").encode()).contains("connect not_authorized", "expired");
    assertThat(fixture.get("/refusals/x").encode()).as("nobody of ours").doesNotContain("connect");
  }

  private static double refused(String operation, String reason) {
    return fixture
        .meters
        .counter("muster.broker.refused", "operation", operation, "reason", reason)
        .count();
  }

  private static void refused(Credential credential, String why) {
    // Twice a second, sessions of such are ended: a slow request may find its own gone.
    await().atMost(LIMIT).untilAsserted(() -> {
      try (CoapsClient client = client(credential)) {
        expect(ResponseCode.UNAUTHORIZED, why, client.send(json("{\"a\":1}"), "/t/s"));
        await().atMost(LIMIT).until(() -> !client.hasSession());
      }
    });
  }

  @Test
  void session_ofADeviceWhoseCertificateExpires_ends_withoutARequest() {
    Credential shortLived = fixture
        .deviceCa
        .issue(BrokerFixture.deviceName("short"))
        .validity(Instant.now().minusSeconds(60), Instant.now().plusSeconds(8))
        .build();
    try (CoapsClient client = client(shortLived)) {
      expect(ResponseCode.CHANGED, "", client.send(json("{\"a\":1}"), "/t/s"));
      await().atMost(LIMIT).until(() -> !client.hasSession());
      assertThat(Instant.now()).isAfter(shortLived.certificate().getNotAfter().toInstant());
    }
  }

  /** A session that moves with its connection id, and a device that moves, are at one place. */
  @Test
  void keyAtTwoAddresses_raisesAnAlarm_overCoap_andBesideMqtt() throws Exception {
    Credential roaming = fixture.device("roaming");
    try (DatagramProxy network = DatagramProxy.to(port(), 0);
        CoapsClient device = new CoapsClient(network.port(), fixture.root.certificate(), roaming)) {
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":1}"), "/t/s"));
      String session = device.session();
      for (String address : List.of("127.0.0.2", "127.0.0.1")) {
        network.moveTo(address);
        expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":2}"), "/t/s"));
      }
      assertThat(device.session()).isEqualTo(session);
    }
    Credential copied = fixture.device("copied");
    try (CoapsClient owner = client(copied);
        CoapsClient thief = clientAt("127.0.0.2", copied)) {
      expect(ResponseCode.CHANGED, "", owner.send(json("{\"a\":1}"), "/t/s"));
      expect(ResponseCode.CHANGED, "", thief.send(json("{\"a\":2}"), "/t/s"));
      assertThat(placeAlarms()).as("it may have moved").isZero();
      expect(ResponseCode.CHANGED, "", owner.send(json("{\"a\":3}"), "/t/s"));
    }
    assertThat(placeAlarms()).as("and not of the one that moved").isEqualTo(1);
    Credential both = fixture.device("both");
    try (CoapsClient thief = clientAt("127.0.0.2", both)) {
      expect(ResponseCode.CHANGED, "", thief.send(json("{\"a\":1}"), "/t/s"));
      String topic = "fleets/f1/devices/both/telemetry/s";
      new Mosquitto(fixture)
          .pub("both", "both", "-q", "1", "-t", topic, "-m", "1")
          .expectSuccess();
      // The broker tells of its clients on a thread of its own.
      await().atMost(LIMIT).untilAsserted(() -> {
        expect(ResponseCode.CHANGED, "", thief.send(json("{\"a\":2}"), "/t/s"));
        assertThat(placeAlarms()).isEqualTo(2);
      });
    }
    OperatorApi operator = OperatorApi.of(fixture);
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(
                operator.get("/sessions/alarms").getJsonArray("alarms").stream()
                    .map(JsonObject.class::cast)
                    .map(alarm -> alarm.getString("kind") + " " + alarm.getString("client") + " "
                        + alarm.getJsonArray("addresses").getList()))
            .containsExactly(
                "two_places copied [127.0.0.1, 127.0.0.2]",
                "two_places both [127.0.0.2, 127.0.0.1]"));
  }

  private static CoapsClient clientAt(String address, Credential credential) {
    return new CoapsClient(
        address, coapsPort(), fixture.root.certificate(), credential, settings -> settings);
  }

  private static double placeAlarms() {
    return fixture.meters.counter("muster.session.alarms", "kind", "two_places").count();
  }

  @Test
  void telemetry_ofARevokedDevice_isRefused_andItsSessionEnds() throws Exception {
    Credential device = fixture.device("revoked");
    try (CoapsClient client = client(device)) {
      expect(ResponseCode.CHANGED, "", client.send(json("{\"a\":1}"), "/t/s"));
      client.observe("/c");
      double before = sessions();
      double observers = observers();
      fixture.service("enrollment", "service");
      byte[] crl = fixture.deviceCrl(++crlNumber, device.certificate().getSerialNumber());
      new Mosquitto(fixture).publishDeviceCrl("enrollment", crl).expectSuccess();
      await().atMost(LIMIT).until(() -> sessions() < before);
      await().atMost(LIMIT).until(() -> observers() < observers);
      await().atMost(LIMIT).until(() -> !client.hasSession());
      expect(ResponseCode.UNAUTHORIZED, "revoked", client.send(json("{\"a\":1}"), "/t/s"));
    }
  }

  @Test
  void requestsThatAreRefused_haveTheirPrice() {
    try (CoapsClient hasty = client(fixture.device("hasty"))) {
      expect(ResponseCode.NOT_FOUND, "path", hasty.get("/nothing"));
      // Two hundred at once, and what five seconds of patience hold.
      List<Request> requests = Stream.generate(() -> hasty.begin(Request.newGet(), "/nothing"))
          .limit(400)
          .toList();
      await()
          .atMost(LIMIT)
          .until(() -> requests.stream()
              .map(Request::getResponse)
              .anyMatch(response ->
                  response != null && response.getCode() == ResponseCode.TOO_MANY_REQUESTS));
    }
  }

  @Test
  void twin_isAskedFor_andReported() throws Exception {
    OperatorApi operator = OperatorApi.of(fixture);
    try (CoapsClient device = client(fixture.device("twin-1"))) {
      expect(ResponseCode.NOT_FOUND, "nothing", device.get("/twin"));
      operator.patch("/devices/twin-1/twin", "{\"interval\":10}");
      Response desired = device.get("/twin");
      assertThat(desired.getOptions().getMaxAge()).as("of now alone").isZero();
      expect(ResponseCode.CONTENT, "\"delta\":{\"interval\":10}", desired);
      Request known = Request.newGet();
      known.getOptions().addETag(desired.getOptions().getETags().get(0));
      expect(ResponseCode.VALID, "", device.send(known, "/twin"));

      expect(
          ResponseCode.CHANGED,
          "",
          device.send(json("{\"reported\":{\"interval\":10},\"desiredVersion\":1}"), "/twin"));
      expect(ResponseCode.CONTENT, "\"delta\":{}", device.get("/twin"));
      expect(
          ResponseCode.CONFLICT,
          "reported version",
          device.send(json("{\"reported\":{\"a\":1},\"ifVersion\":7}"), "/twin"));
      expect(ResponseCode.BAD_REQUEST, "payload", device.send(json("{}"), "/twin"));
    }
    assertThat(operator.get("/devices/twin-1/twin").getJsonObject("reported"))
        .isEqualTo(new JsonObject().put("interval", 10));
  }

  @Test
  void commands_areAskedForInTurn_andAnswered() throws Exception {
    OperatorApi operator = OperatorApi.of(fixture);
    try (CoapsClient device = client(fixture.device("worker"));
        CoapsClient other = client(fixture.device("idler"))) {
      expect(ResponseCode.NOT_FOUND, "nothing", device.get("/c"));
      String first = operator
          .post("/devices/worker/commands", "{\"name\":\"reboot\",\"validForSeconds\":600}")
          .getString("id");
      String second = operator
          .post("/devices/worker/commands", "{\"name\":\"blink\",\"validForSeconds\":600}")
          .getString("id");
      expect(ResponseCode.CONTENT, first, device.get("/c"));
      expect(ResponseCode.CONTENT, second, device.get("/c?after=" + first));
      expect(ResponseCode.NOT_FOUND, "nothing", other.get("/c"));
      Request done = json("{\"status\":\"done\",\"payload\":{\"uptime\":1}}");
      expect(ResponseCode.CHANGED, "", device.send(done, "/c/" + first));
      expect(ResponseCode.CONTENT, second, device.get("/c"));
      expect(
          ResponseCode.NOT_FOUND,
          "not known",
          other.send(json("{\"status\":\"done\"}"), "/c/" + second));
      expect(ResponseCode.BAD_REQUEST, "status", device.send(json("{}"), "/c/" + second));
      assertThat(operator.get("/commands/" + first).getString("state")).isEqualTo("done");
    }
  }

  @Test
  void observer_isToldOfCommandsAndTwins_asTheyChange() throws Exception {
    OperatorApi operator = OperatorApi.of(fixture);
    try (UdpNat nat = new UdpNat(coapsPort());
        CoapsClient device =
            new CoapsClient(nat.port(), fixture.root.certificate(), fixture.device("watcher"));
        CoapsClient other = client(fixture.device("bystander"))) {
      CoapsClient.Observed commands = device.observe("/c");
      CoapsClient.Observed twin = device.observe("/twin");
      CoapsClient.Observed others = other.observe("/c");
      assertThat(commands.first().getOptions().hasObserve()).isTrue();
      assertThat(commands.first().getOptions().getMaxAge()).isEqualTo(600);
      expect(ResponseCode.CONTENT, "", twin.first());
      assertThat(twin.first().getPayloadSize()).as("nothing was desired").isZero();

      String first = command(operator, "watcher", "reboot", 100);
      Response told = commands.next();
      expect(ResponseCode.CONTENT, first, told);
      assertThat(told.getType()).as("to be confirmed").isEqualTo(Type.CON);
      assertThat(told.getOptions().getMaxAge()).as("its deadline").isBetween(1L, 100L);
      String second = command(operator, "watcher", "blink", 600);
      expect(ResponseCode.CHANGED, "", device.send(json("{\"status\":\"done\"}"), "/c/" + first));
      expect(ResponseCode.CONTENT, second, commands.next());
      operator.post("/commands/" + second + "/cancel", "{}");
      assertThat(commands.next().getPayloadSize()).as("none is open").isZero();
      command(operator, "watcher", "hurry", 1);
      expect(ResponseCode.CONTENT, "hurry", commands.next());
      assertThat(commands.next().getPayloadSize()).as("its time is over").isZero();

      operator.patch("/devices/watcher/twin", "{\"interval\":10}");
      expect(ResponseCode.CONTENT, "\"delta\":{\"interval\":10}", twin.next());
      expect(
          ResponseCode.CHANGED,
          "",
          device.send(json("{\"reported\":{\"interval\":10},\"desiredVersion\":1}"), "/twin"));
      twin.cancel();
      operator.patch("/devices/watcher/twin", "{\"interval\":20}");
      String last = command(operator, "watcher", "last", 600);
      expect(ResponseCode.CONTENT, last, commands.next());
      assertThat(twin.left())
          .as("after the end, and of what the device itself said")
          .isEmpty();
      assertThat(others.left()).as("of another device").isEmpty();

      int handshake = nat.handshakeRecords();
      nat.rebind();
      expect(ResponseCode.CHANGED, "", device.send(json("{\"a\":1}"), "/t/s"));
      operator.post("/commands/" + last + "/cancel", "{}");
      assertThat(commands.next().getPayloadSize())
          .as("told where it is now (RFC 9146)")
          .isZero();
      assertThat(nat.handshakeRecords()).isEqualTo(handshake);
    }
  }

  private static String command(OperatorApi operator, String device, String name, int seconds)
      throws Exception {
    return operator
        .post(
            "/devices/" + device + "/commands",
            "{\"name\":\"" + name + "\",\"validForSeconds\":" + seconds + "}")
        .getString("id");
  }

  @Test
  void observer_whoMayNotBeToldAnyMore_isToldSo() throws Exception {
    Path policy = folder.resolve("policy.yaml");
    String before = Files.readString(policy);
    try (CoapsClient device = client(fixture.device("silenced"))) {
      CoapsClient.Observed twin = device.observe("/twin");
      CoapsClient.Observed commands = device.observe("/c");
      Files.writeString(policy, before + """

            silenced:
              match: { issuer: device, CN: silenced }
              clientId: ["${subject.CN}"]
              deny:
                subscribe: [ "fleets/+/devices/silenced/twin/desired" ]
          """);
      expect(ResponseCode.FORBIDDEN, "denied", twin.next());
      expect(ResponseCode.FORBIDDEN, "denied", device.get("/twin"));
      assertThat(fixture.get("/refusals/silenced").encode()).contains("twin/desired");
      assertThatRefusalsAreLoggedSparingly(
          () -> expect(ResponseCode.FORBIDDEN, "denied", device.get("/twin")));
      OperatorApi operator = OperatorApi.of(fixture);
      String id = command(operator, "silenced", "blink", 600);
      expect(ResponseCode.CONTENT, id, commands.next());
    } finally {
      Files.writeString(policy, before);
    }
  }

  /** One a second says how many went unsaid: a device must not fill the disk. */
  private static void assertThatRefusalsAreLoggedSparingly(Runnable refused) {
    Logger logger = (Logger) LoggerFactory.getLogger("dev.muster.broker.coap");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    long start = System.nanoTime();
    try {
      for (int i = 0; i < 20; i++) {
        refused.run();
      }
    } finally {
      logger.detachAppender(log);
    }
    long seconds = Duration.ofNanos(System.nanoTime() - start).toSeconds() + 2;
    assertThat(log.list).hasSizeLessThanOrEqualTo((int) seconds);
  }

  @Test
  void observer_thatComesBackAgainAndAgain_isToldInItsNewestSessions() throws Exception {
    Credential device = fixture.device("restless");
    List<CoapsClient> clients = Stream.generate(() -> client(device)).limit(5).toList();
    try {
      List<CoapsClient.Observed> observed =
          clients.stream().map(client -> client.observe("/c")).toList();
      String id = command(OperatorApi.of(fixture), "restless", "blink", 600);
      for (CoapsClient.Observed one : observed.subList(1, 5)) {
        expect(ResponseCode.CONTENT, id, one.next());
      }
      assertThat(observed.get(0).left()).as("of the oldest").isEmpty();
    } finally {
      clients.forEach(CoapsClient::close);
    }
  }

  private static double observers() {
    return fixture.meters.get("muster.coap.observers").gauge().value();
  }

  private static double sessions() {
    return fixture.meters.get("muster.coap.sessions").gauge().value();
  }
}
