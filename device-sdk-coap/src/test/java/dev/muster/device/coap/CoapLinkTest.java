/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.coap.CoapsConfig;
import dev.muster.coap.CoapsExchange;
import dev.muster.coap.CoapsServer;
import dev.muster.coap.CoapsService;
import dev.muster.coap.Diagnostics;
import dev.muster.coap.Observation;
import dev.muster.coap.Watch;
import dev.muster.device.MqttClient;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.mqtt.LinkEnd;
import dev.muster.device.internal.mqtt.LinkEvents;
import dev.muster.device.internal.mqtt.LinkSettings;
import dev.muster.device.internal.mqtt.MqttLink;
import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.device.internal.mqtt.Transports;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the device expects of a way to the broker, over CoAP. */
class CoapLinkTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String PREFIX = "fleets/default/devices/d1/";
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");
  private static final TestPki.Credential DEVICE =
      ROOT.issue("CN=d1, O=default, OU=device").build();

  @TempDir
  Path folder;

  private final EventLoop loop = new EventLoop(Thread::new, fault -> {});
  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final Broker broker = new Broker();
  private final Recorder recorder = new Recorder();
  private TestPki.Credential server = ROOT.issue("CN=broker").server().build();
  private CoapsServer coaps;

  /** Answers as it is told, by path; else 2.04. */
  private static final class Broker implements CoapsService {
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<String> bodies = new CopyOnWriteArrayList<>();
    final Map<String, Queue<Response>> answers = new ConcurrentHashMap<>();
    final Map<String, Observation> observers = new ConcurrentHashMap<>();
    final Queue<Runnable> held = new ConcurrentLinkedQueue<>();
    /** Requests are held, and not answered. */
    volatile boolean mute;

    void answer(String path, Response response) {
      answers.computeIfAbsent(path, first -> new ConcurrentLinkedQueue<>()).add(response);
    }

    @Override
    public boolean takesBlocks(Request request) {
      return true;
    }

    @Override
    public void serve(CoapsExchange exchange) {
      String path = exchange.request().getOptions().getUriPathString();
      asked.add(path + "?" + exchange.request().getOptions().getUriQueryString());
      bodies.add(exchange.request().getPayloadString());
      if (mute) {
        held.add(() -> answer(exchange, path));
      } else {
        answer(exchange, path);
      }
    }

    private void answer(CoapsExchange exchange, String path) {
      Queue<Response> ready = answers.get(path);
      Response response = ready == null ? null : ready.poll();
      if (exchange.wantsChanges() && (response == null || response.isSuccess())) {
        observe(path, exchange, response == null ? state("", 0) : response);
      } else {
        exchange.answer(response == null ? new Response(ResponseCode.CHANGED) : response);
      }
    }

    private void observe(String path, CoapsExchange exchange, Response first) {
      exchange.answerAndObserve(first, new Watch() {
        @Override
        public void begun(Observation observation) {
          observers.put(path, observation);
        }

        @Override
        public void over() {}
      });
    }
  }

  private static Response state(String json, int version) {
    Response response = new Response(ResponseCode.CONTENT);
    response.setPayload(json);
    response.getOptions().addETag(new byte[] {(byte) version}).setMaxAge(600);
    return response;
  }

  private static final class Recorder implements LinkEvents {
    final List<String> happened = new CopyOnWriteArrayList<>();
    volatile LinkEnd end;

    @Override
    public void onConnected(int receiveMaximum, long maximumPacketSize) {
      happened.add("connected " + receiveMaximum);
    }

    @Override
    public void onAcknowledged(OutboundMessage message, int reason, String detail) {
      happened.add("acknowledged " + message.topic().substring(PREFIX.length()) + " "
          + Integer.toHexString(reason));
    }

    @Override
    public void onMessage(String topic, byte[] payload) {
      happened.add("message " + topic + " " + new String(payload, UTF_8));
    }

    @Override
    public void onEnded(LinkEnd ended) {
      end = ended;
    }

    void await(String what) {
      org.awaitility.Awaitility.await()
          .atMost(LIMIT)
          .untilAsserted(() -> assertThat(happened).contains(what));
    }

    LinkEnd.Kind awaitEnd() {
      org.awaitility.Awaitility.await().atMost(LIMIT).until(() -> end != null);
      return end.kind();
    }
  }

  @BeforeEach
  void start() throws IOException {
    start(0);
  }

  private void start(int port) throws IOException {
    coaps = new CoapsServer(
        CoapsConfig.on("127.0.0.1", port),
        new CoapsServer.Offer("test", 16 * 1024, broker),
        server.key(),
        server.chain(),
        new SimpleMeterRegistry());
  }

  @AfterEach
  void stop() {
    coaps.close();
    loop.close();
    pool.shutdownNow();
  }

  private MqttLink connect() throws IOException {
    return connect("localhost", coaps.port(), Duration.ofSeconds(60), Duration.ofMinutes(5));
  }

  private MqttLink connect(String host, int port, Duration timeout, Duration keepAlive)
      throws IOException {
    return connect(host, port, timeout, keepAlive, pool);
  }

  private MqttLink connect(
      String host, int port, Duration timeout, Duration keepAlive, Executor threads)
      throws IOException {
    Path root = Files.writeString(folder.resolve("root.pem"), Pem.of(List.of(ROOT.certificate())));
    URI uri = URI.create("coaps://" + host + ":" + port);
    TlsIdentity identity = TlsIdentity.of(
        new Credential(DEVICE.key(), DEVICE.chain()),
        TrustAnchors.read(root),
        DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
    return Transports.to(uri, MqttClient.BUILT_IN)
        .connect(
            new LinkSettings(uri, "d1", identity, timeout, keepAlive, loop, threads), recorder);
  }

  private static OutboundMessage message(String place, long sequence) {
    return new OutboundMessage(
        PREFIX + place,
        "{}".getBytes(UTF_8),
        "application/senml+json",
        new MessageIdentity("b1", sequence));
  }

  private void send(MqttLink link, String place, long sequence) {
    assertThat(link.publish(message(place, sequence))).isTrue();
  }

  @Test
  void link_saysAllThatHasAPlace_andIsToldWhatBecameOfIt() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    send(link, "telemetry/env", 1);
    recorder.await("acknowledged telemetry/env 0");
    send(link, "commands/c1/result", 2);
    recorder.await("acknowledged commands/c1/result 0");
    send(link, "twin/reported", 3);
    recorder.await("acknowledged twin/reported 0");
    send(link, "events/door", 4);
    recorder.await("acknowledged events/door 87");
    broker.answer("t/bad", Diagnostics.of(ResponseCode.BAD_REQUEST, "no"));
    send(link, "telemetry/bad", 5);
    recorder.await("acknowledged telemetry/bad 99");
    assertThat(broker.asked)
        .containsExactly(
            "twin?", "t/env?b=b1&q=1", "c/c1?b=b1&q=2", "twin?b=b1&q=3", "t/bad?b=b1&q=5");
    link.close();
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.CLOSED);
  }

  /** One that does all, and Californium's own, which waits for datagrams. */
  @Test
  void threads_ofALink_areTwo() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    MqttLink link = connect();
    recorder.await("connected 1");
    send(link, "telemetry/env", 1);
    recorder.await("acknowledged telemetry/env 0");

    assertThat(ClientThreads.since(before))
        .containsExactlyInAnyOrder("muster-coap", "DTLS-Receiver");

    link.close();
    await().atMost(LIMIT).until(() -> ClientThreads.since(before).isEmpty());
  }

  /** On a machine that has no thread by then, nothing else would ever end it. */
  @Test
  void link_thatWaitsForTheDevicesThread_hasItsOwnAlready_andIsNotLate() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    MqttLink link = connect("localhost", coaps.port(), Duration.ofMillis(1), LIMIT, waiting::add);

    assertThat(ClientThreads.since(before)).containsExactly("muster-coap");

    link.close();
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.CLOSED);
    waiting.remove().run();
    await().atMost(LIMIT).until(() -> ClientThreads.since(before).isEmpty());
  }

  @Test
  void message_thatCannotBeTakenNow_isSaidAgainLater() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    broker.answer(
        "t/env",
        Diagnostics.later(ResponseCode.SERVICE_UNAVAILABLE, Duration.ofSeconds(1), "later"));
    send(link, "telemetry/env", 1);
    recorder.await("acknowledged telemetry/env 0");
    assertThat(broker.asked).containsExactly("twin?", "t/env?b=b1&q=1", "t/env?b=b1&q=1");
    link.close();
  }

  @Test
  void commandsAndTwin_areTold_onceEach_alsoWhenRenewed() throws Exception {
    MqttLink link =
        connect("localhost", coaps.port(), Duration.ofSeconds(60), Duration.ofSeconds(1));
    recorder.await("connected 1");
    broker.answer("twin", state("{\"version\":1}", 1));
    link.subscribe(PREFIX + "commands/+");
    link.subscribe(PREFIX + "twin/desired");
    recorder.await("message " + PREFIX + "twin/desired {\"version\":1}");
    await().atMost(LIMIT).until(() -> broker.observers.containsKey("c"));
    broker.observers.get("c").tell(state("{\"id\":\"c7\"}", 7));
    recorder.await("message " + PREFIX + "commands/c7 {\"id\":\"c7\"}");
    broker.asked.clear();
    await().atMost(LIMIT).until(() -> broker.asked.containsAll(List.of("c?", "twin?")));
    broker.answer("c", state("{\"id\":\"c8\"}", 8)); // As after a notification that was lost.
    recorder.await("message " + PREFIX + "commands/c8 {\"id\":\"c8\"}");
    assertThat(recorder.happened).doesNotHaveDuplicates();
    link.close();
  }

  @Test
  void observation_thatIsRefusedNow_isAskedForAgain() throws Exception {
    MqttLink link =
        connect("localhost", coaps.port(), Duration.ofSeconds(60), Duration.ofSeconds(1));
    recorder.await("connected 1");
    broker.answer("c", Diagnostics.of(ResponseCode.FORBIDDEN, "as a policy was for a second"));
    broker.answer(
        "twin", Diagnostics.later(ResponseCode.TOO_MANY_REQUESTS, Duration.ofSeconds(1), "later"));
    link.subscribe(PREFIX + "commands/+");
    link.subscribe(PREFIX + "twin/desired");
    await().atMost(LIMIT).until(() -> broker.observers.keySet().containsAll(List.of("c", "twin")));
    broker.observers.get("c").tell(state("{\"id\":\"c7\"}", 7));
    recorder.await("message " + PREFIX + "commands/c7 {\"id\":\"c7\"}");
    link.close();
  }

  @Test
  void message_thatTheBrokerFailsAt_isSaidAgain_andNotForEver() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    for (int i = 0; i < 4; i++) {
      broker.answer("t/env", Diagnostics.of(ResponseCode.INTERNAL_SERVER_ERROR, "a defect"));
    }
    send(link, "telemetry/env", 1);
    recorder.await("acknowledged telemetry/env 80");
    send(link, "telemetry/env", 2);
    recorder.await("acknowledged telemetry/env 0");
    link.close();
  }

  @Test
  void result_thatIsTooLarge_isToldAsAFailure_andTelemetryIsNotSent() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    byte[] large = new byte[20_000];
    link.publish(new OutboundMessage(PREFIX + "telemetry/env", large, "application/json", null));
    recorder.await("acknowledged telemetry/env 95");
    link.publish(
        new OutboundMessage(PREFIX + "commands/c1/result", large, "application/json", null));
    recorder.await("acknowledged commands/c1/result 0");
    assertThat(broker.bodies)
        .last()
        .asString()
        .startsWith("{\"status\":\"failed\",\"detail\":\"a result of 20000 bytes is too large");
    link.close();
  }

  @Test
  void link_whoseDeviceIsNotKnownAnyMore_ends() throws Exception {
    broker.answer("twin", Diagnostics.of(ResponseCode.UNAUTHORIZED, "certificate revoked"));
    connect();
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.REFUSED);
    broker.answer("twin", Diagnostics.of(ResponseCode.UNAUTHORIZED, "certificate expired at 1"));
    recorder.end = null;
    MqttLink late = connect();
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.EXPIRED);
    assertThat(late.publish(message("telemetry/env", 1))).isFalse();
    recorder.end = null;
    broker.answer("twin", Diagnostics.later(ResponseCode.SERVICE_UNAVAILABLE, LIMIT, "busy"));
    connect();
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.BUSY);
  }

  @Test
  void link_toAnImpostor_isNotMade() throws Exception {
    TestPki.Credential other = ROOT.issue("CN=other").server("other.example").build();
    coaps.use(other.key(), other.chain());
    connect();
    assertThat(recorder.awaitEnd()).as(recorder.end.detail()).isEqualTo(LinkEnd.Kind.UNTRUSTED);
    recorder.end = null;
    TestPki.Credential foreign =
        TestPki.root("CN=Root").issue("CN=broker").server().build();
    coaps.use(foreign.key(), foreign.chain());
    connect();
    assertThat(recorder.awaitEnd()).as(recorder.end.detail()).isEqualTo(LinkEnd.Kind.UNTRUSTED);
  }

  /** Nothing of a handshake is authenticated yet: anybody on the way can say so. */
  @Test
  void link_calledExpiredByAnybody_isNoWordOfTheBroker() throws Exception {
    try (AlertingImpostor impostor = new AlertingImpostor()) {
      connect("localhost", impostor.port(), LIMIT, LIMIT);
      impostor.answer();
      assertThat(recorder.awaitEnd())
          .as(recorder.end.detail())
          .isEqualTo(LinkEnd.Kind.CALLED_EXPIRED);
    }
  }

  @Test
  void link_saysOneThingAtATime() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    broker.mute = true;
    link.subscribe(PREFIX + "commands/+");
    link.subscribe(PREFIX + "twin/desired");
    send(link, "telemetry/env", 1);
    await().atMost(LIMIT).until(() -> broker.held.size() == 1);
    broker.mute = false;
    broker.held.remove().run();
    recorder.await("acknowledged telemetry/env 0");
    assertThat(broker.asked).containsExactly("twin?", "c?", "twin?", "t/env?b=b1&q=1");
    assertThat(broker.held).as("while one was not answered, no other was asked").isEmpty();
    link.close();
  }

  /** Patience would take from 62 s on. */
  @Test
  void brokerThatIsStartedAnew_endsTheLinkSoon() throws Exception {
    MqttLink link = connect();
    recorder.await("connected 1");
    int port = coaps.port();
    coaps.close();
    send(link, "telemetry/env", 1);
    start(port);
    assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.LOST);
    assertThat(recorder.happened).containsExactly("connected 1");
    assertThat(broker.asked).as("of the new one nothing").containsExactly("twin?");
  }

  @Test
  void broker_thatKnowsTheSessionAfterASilence_isToldWhatWasToBeSaid_andTellsAgain()
      throws Exception {
    try (DatagramProxy network = DatagramProxy.to(coaps.port(), 1)) {
      MqttLink link = connect("localhost", network.port(), LIMIT, Duration.ofMinutes(5));
      recorder.await("connected 1");
      link.subscribe(PREFIX + "commands/+");
      await().atMost(LIMIT).until(() -> broker.observers.containsKey("c"));
      Observation before = broker.observers.get("c");
      network.swallow();
      send(link, "telemetry/env", 1);
      // The message twice, and the beginning of a handshake.
      await().atMost(LIMIT).until(() -> network.counts().lost() >= 3);
      network.heal();
      recorder.await("acknowledged telemetry/env 0");
      await().atMost(LIMIT).until(() -> broker.observers.get("c") != before);
      broker.observers.get("c").tell(state("{\"id\":\"c7\"}", 7));
      recorder.await("message " + PREFIX + "commands/c7 {\"id\":\"c7\"}");
      assertThat(recorder.end).isNull();
      link.close();
    }
  }

  @Test
  void link_throughANetworkThatSwallows_isLostInTime() throws Exception {
    try (DatagramProxy network = DatagramProxy.to(coaps.port(), 1)) {
      network.swallow();
      connect("localhost", network.port(), Duration.ofSeconds(1), LIMIT);
      assertThat(recorder.awaitEnd()).isEqualTo(LinkEnd.Kind.LOST);
    }
  }
}
