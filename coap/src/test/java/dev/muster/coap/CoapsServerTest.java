/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.CoapsClient;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.HalfOpenHandshake;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.CoAP.Type;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.option.OpaqueOptionDefinition;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.Exchange;
import org.eclipse.californium.core.network.stack.AbstractLayer;
import org.eclipse.californium.elements.AddressEndpointContext;
import org.eclipse.californium.elements.config.Configuration;
import org.eclipse.californium.elements.util.ClockUtil;
import org.eclipse.californium.scandium.config.DtlsConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one stranger can take up, and how the server ends. */
class CoapsServerTest {
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");
  private static final TestPki.Credential SERVER =
      ROOT.issue("CN=localhost").server().build();
  private static final TestPki.Credential CLIENT = ROOT.issue("CN=client").build();
  private static final TestPki.Credential STRANGER = ROOT.issue("CN=stranger").build();
  private static final int SESSIONS = 8;
  /** Handshakes a second. */
  private static final int OF_ALL = 3;

  private static final int OF_ADDRESS = 2;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** How far Californium's clock is ahead, from which it has how long a session was silent. */
  private static final AtomicLong JUMPED = new AtomicLong();

  static {
    ClockUtil.setRealtimeHandler(() -> System.nanoTime() + JUMPED.get());
  }

  /** From where handshakes were begun, by address. */
  private final Map<String, Integer> ports = new HashMap<>();

  private final BlockingQueue<CoapsExchange> held = new ArrayBlockingQueue<>(10);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<CoapsClient> clients = new ArrayList<>();
  /** Stands still, unless a test moves it. */
  private final AtomicLong clock = new AtomicLong();

  private CoapsServer server;

  private final BlockingQueue<Observation> observations = new ArrayBlockingQueue<>(3 * SESSIONS);
  private final AtomicInteger over = new AtomicInteger();
  private final AtomicInteger asked = new AtomicInteger();

  /** POST /slow waits for the test; POST /large takes blocks; all below /watched changes. */
  private final class Paths implements CoapsService {
    @Override
    public boolean takesBlocks(Request request) {
      return request.getOptions().getUriPathString().equals("large");
    }

    @Override
    public void serve(CoapsExchange exchange) {
      asked.incrementAndGet();
      if (exchange.wantsChanges()) {
        exchange.answerAndObserve(content("first"), new Watch() {
          @Override
          public void begun(Observation observation) {
            observations.add(observation);
          }

          @Override
          public void over() {
            over.incrementAndGet();
          }
        });
        return;
      }
      switch (exchange.request().getOptions().getUriPathString()) {
        case "slow" -> held.add(exchange);
        case "large", "" -> {
          exchange.known();
          exchange.answer(
              Diagnostics.of(ResponseCode.CHANGED, "" + exchange.request().getPayloadSize()));
        }
        default -> exchange.answer(Diagnostics.of(ResponseCode.NOT_FOUND, "path: not found"));
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    start(settings -> settings);
  }

  private void start(UnaryOperator<Configuration> settings) throws IOException {
    start(new CoapsConfig.Limits(SESSIONS, 4, OF_ALL, OF_ADDRESS), settings);
  }

  private void start(CoapsConfig.Limits limits, UnaryOperator<Configuration> settings)
      throws IOException {
    CoapsConfig config = new CoapsConfig("127.0.0.1", 0, limits);
    server = new CoapsServer(
        config,
        new CoapsServer.Offer("test", 4096, new Paths()),
        SERVER.key(),
        SERVER.chain(),
        meters,
        settings.apply(CoapsSettings.of(config, 4096)
            .set(CoapConfig.ACK_TIMEOUT, 100, TimeUnit.MILLISECONDS)
            .set(CoapConfig.MAX_RETRANSMIT, 2)),
        clock::get);
  }

  @AfterEach
  void stop() {
    clients.forEach(CoapsClient::close);
    server.close();
  }

  private static Response content(String text) {
    return Diagnostics.of(ResponseCode.CONTENT, text);
  }

  private Observation begun() throws InterruptedException {
    return Objects.requireNonNull(observations.poll(20, TimeUnit.SECONDS));
  }

  private void awaitOver(int expected) {
    await().atMost(LIMIT).until(() -> over.get() == expected);
  }

  private CoapsClient client(String from) {
    return client(from, CLIENT);
  }

  private CoapsClient client(String from, TestPki.Credential credential) {
    CoapsClient client =
        new CoapsClient(from, server.port(), ROOT.certificate(), credential, settings -> settings);
    clients.add(client);
    return client;
  }

  private CoapsClient blockByBlock() {
    CoapsClient client = new CoapsClient(
        "127.0.0.1",
        server.port(),
        ROOT.certificate(),
        CLIENT,
        settings -> settings.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 0));
    clients.add(client);
    return client;
  }

  private static Request post(String body) {
    Request request = Request.newPost();
    request.setPayload(body);
    return request;
  }

  @Test
  void sessions_ofOneAddress_areHalf_andOthersComeIn() {
    for (int i = 0; i < SESSIONS / 2; i++) {
      assertThat(client("127.0.0.1").send(post("a"), "/").getCode())
          .isEqualTo(ResponseCode.CHANGED);
    }
    assertThatThrownBy(() -> client("127.0.0.1").send(post("a"), "/"))
        .hasMessageContaining("INTERNAL_ERROR");
    assertThat(meters.get("test.handshakes.refused").counter().count()).isPositive();
    assertThat(client("127.0.0.2").send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    clients.get(0).close();
    clients.get(1).close();
  }

  @Test
  void sessions_allInUse_keepNewcomersOut_untilOneIsClosed_orSilentForAMinute() throws Exception {
    List<CoapsClient> inside = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      inside.add(served(i < SESSIONS / 2 ? "127.0.0.1" : "127.0.0.2"));
    }
    List<String> ids = inside.stream().map(CoapsClient::session).toList();
    assertNoRoomFor("127.0.0.3");
    assertServedAsBefore(inside, ids);

    CoapsClient polite = inside.get(0);
    polite.observe("/watched");
    polite.goodbye();
    awaitOver(1);
    inside.set(0, served("127.0.0.3"));
    assertNoRoomFor("127.0.0.4");
    ids = inside.stream().map(CoapsClient::session).toList();
    assertServedAsBefore(inside, ids);

    List<CoapsClient> awake = inside.subList(0, SESSIONS - 1);
    List<String> idsOfAwake = ids.subList(0, SESSIONS - 1);
    JUMPED.addAndGet(TimeUnit.SECONDS.toNanos(30));
    assertNoRoomFor("127.0.0.4");
    // What the server said last to the silent one, it may note after the clock has jumped.
    await().atMost(LIMIT).untilAsserted(() -> {
      assertServedAsBefore(awake, idsOfAwake);
      JUMPED.addAndGet(TimeUnit.SECONDS.toNanos(35));
      served("127.0.0.4");
    });
    assertServedAsBefore(awake, idsOfAwake);
    assertNoRoomFor("127.0.0.5");
    assertThat(meters.get("test.sessions").gauge().value()).isEqualTo(SESSIONS);
    assertThat(meters.get("test.handshakes.refused").counter().count()).isGreaterThanOrEqualTo(4);
  }

  private CoapsClient served(String from) {
    CoapsClient client = client(from);
    assertThat(client.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    return client;
  }

  private void assertNoRoomFor(String newcomer) throws IOException {
    assertThat(begin(newcomer)).isEqualTo(HalfOpenHandshake.REFUSED);
  }

  private static void assertServedAsBefore(List<CoapsClient> clients, List<String> sessions) {
    for (CoapsClient client : clients) {
      assertThat(client.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    }
    assertThat(clients).extracting(CoapsClient::session).containsExactlyElementsOf(sessions);
  }

  /** Any certificate opens a session, and what it asks for may keep that in use. */
  @Test
  void sessions_ofStrangers_makeRoomAfterHalfAMinute_beforeAnyOther() throws Exception {
    List<CoapsClient> inside = new ArrayList<>();
    for (int i = 0; i < 3 * SESSIONS / 4; i++) {
      inside.add(served(i < SESSIONS / 2 ? "127.0.0.1" : "127.0.0.2"));
    }
    List<String> ids = inside.stream().map(CoapsClient::session).toList();
    List<CoapsClient> strangers =
        List.of(client("127.0.0.2", STRANGER), client("127.0.0.2", STRANGER));
    assertStrange(strangers);
    JUMPED.addAndGet(TimeUnit.SECONDS.toNanos(10));
    assertNoRoomFor("127.0.0.3");
    JUMPED.addAndGet(TimeUnit.SECONDS.toNanos(25));
    assertStrange(strangers);
    served("127.0.0.3");
    served("127.0.0.3");
    assertNoRoomFor("127.0.0.4");
    assertServedAsBefore(inside, ids);
  }

  /** Who begins sessions faster than they grow old drives out his own, and not those asleep. */
  @Test
  void sessions_ofManyStrangers_makeRoomAtOnce_beforeDevicesThatAreSilent() {
    List<CoapsClient> asleep = new ArrayList<>();
    for (int i = 0; i < SESSIONS / 2; i++) {
      asleep.add(served("127.0.0.1"));
    }
    List<String> ids = asleep.stream().map(CoapsClient::session).toList();
    JUMPED.addAndGet(TimeUnit.MINUTES.toNanos(10));
    for (int i = 0; i < SESSIONS; i++) {
      CoapsClient stranger = client(i % 2 == 0 ? "127.0.0.2" : "127.0.0.3", STRANGER);
      assertStrange(List.of(stranger));
    }
    assertServedAsBefore(asleep, ids);
  }

  /** With a key that was taken from a device, all places could be kept in use. */
  @Test
  void sessions_ofOneCertificate_areEight_andTheOldestMakesRoom() throws Exception {
    stop();
    meters.clear();
    start(new CoapsConfig.Limits(3 * SESSIONS, 4, 2 * SESSIONS, 2 * SESSIONS), one -> one);
    CoapsClient other = client("127.0.0.2", STRANGER);
    assertThat(other.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    String session = other.session();
    CoapsClient oldest = served("127.0.0.1");
    oldest.observe("/watched");
    for (int i = 1; i < SessionShares.OF_CERTIFICATE; i++) {
      served("127.0.0.1");
    }
    assertThat(over).hasValue(0);
    for (int i = 0; i < 3; i++) {
      served("127.0.0.1");
    }
    awaitOver(1);
    assertThat(meters.get("test.sessions").gauge().value())
        .isEqualTo(SessionShares.OF_CERTIFICATE + 1);
    assertServedAsBefore(List.of(other), List.of(session));
  }

  private static void assertStrange(List<CoapsClient> clients) {
    for (CoapsClient client : clients) {
      assertThat(client.get("/nothing").getCode()).isEqualTo(ResponseCode.NOT_FOUND);
    }
  }

  /** Many devices behind one NAT, each of which begins anew, and never says goodbye. */
  @Test
  void sessions_ofOneAddress_thatAreSilentForAMinute_makeRoomForItsNextOne() throws Exception {
    for (int i = 0; i < SESSIONS / 2; i++) {
      served("127.0.0.1");
    }
    CoapsClient other = served("127.0.0.2");
    String session = other.session();
    assertNoRoomFor("127.0.0.1");
    // As above.
    await().atMost(LIMIT).untilAsserted(() -> {
      JUMPED.addAndGet(TimeUnit.SECONDS.toNanos(61));
      served("127.0.0.1");
    });
    assertServedAsBefore(List.of(other), List.of(session));
    assertThat(meters.get("test.sessions").gauge().value())
        .as("one made room, and there was more for others")
        .isEqualTo(SESSIONS / 2 + 1);
  }

  @Test
  void handshakes_tooManyInAShortTime_areRefusedAndCounted_andSessionsGoOn() throws Exception {
    CoapsClient known = client("127.0.0.1");
    known.send(post("a"), "/");
    String session = known.session();
    for (int i = 1; i < 10 * OF_ADDRESS; i++) {
      assertThat(begin("127.0.0.1")).as("handshake " + i).isEqualTo(HalfOpenHandshake.BEGUN);
    }
    assertThat(begin("127.0.0.1")).isEqualTo(HalfOpenHandshake.REFUSED);
    for (int i = 10 * OF_ADDRESS; i < 10 * OF_ALL; i++) {
      assertThat(begin("127.0.0.2")).as("handshake " + i).isEqualTo(HalfOpenHandshake.BEGUN);
    }
    assertThat(begin("127.0.0.3")).as("of all").isEqualTo(HalfOpenHandshake.REFUSED);
    assertThat(meters.get("test.handshakes.refused").counter().count()).isEqualTo(2);
    assertThat(known.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    assertThat(known.session()).isEqualTo(session);

    clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
    assertThat(client("127.0.0.1").send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
  }

  @Test
  void handshakes_ofOneAddress_areHalf_andOthersTakeTheirPlaces() throws Exception {
    List<HalfOpenHandshake> open = new ArrayList<>();
    try {
      for (String from : List.of("127.0.0.2", "127.0.0.2", "127.0.0.3", "127.0.0.4")) {
        open.add(new HalfOpenHandshake(from, server.port()));
        assertThat(open.get(open.size() - 1).begin()).isEqualTo(HalfOpenHandshake.BEGUN);
      }
      open.add(new HalfOpenHandshake("127.0.0.2", server.port()));
      assertThat(open.get(4).begin()).isEqualTo(HalfOpenHandshake.REFUSED);
      assertThat(client("127.0.0.1").send(post("a"), "/").getCode())
          .as("in the place of the oldest")
          .isEqualTo(ResponseCode.CHANGED);
      assertThat(meters.get("test.handshakes.evicted").counter().count()).isEqualTo(1);
      assertThat(meters.get("test.handshakes").gauge().value()).isEqualTo(3);
      open.add(new HalfOpenHandshake("127.0.0.2", server.port()));
      assertThat(open.get(5).begin()).as("of two, one is left").isEqualTo(HalfOpenHandshake.BEGUN);
    } finally {
      open.forEach(HalfOpenHandshake::close);
    }
  }

  /** From the same port, so that it is one at a time: each ends the one before. */
  private int begin(String from) throws IOException {
    try (HalfOpenHandshake one =
        new HalfOpenHandshake(from, ports.getOrDefault(from, 0), server.port())) {
      ports.put(from, one.localPort());
      return one.begin();
    }
  }

  @Test
  void firstBlock_ofAPathThatIsNotServed_isRefusedAtOnce() {
    CoapsClient client = blockByBlock();
    assertThat(client.send(firstBlock(), "/nothing").getCode()).isEqualTo(ResponseCode.NOT_FOUND);
    Request served = firstBlock();
    served.getOptions().setUriHost("somebody.example");
    assertThat(client.send(served, "/large").getCode()).isEqualTo(ResponseCode.CONTINUE);
    Request last = post("0123");
    last.getOptions().setBlock1(0, false, 1).setUriHost("somebody.else.example");
    assertThat(client.send(last, "/large").getPayloadString()).isEqualTo("20");
  }

  @Test
  void bodies_ofWhichABlockWasRefused_andAnswersFetchedToTheEnd_takeNoPlace() {
    Transfers bodies = new Transfers(2, TimeUnit.MINUTES.toNanos(1), System::nanoTime);
    Transfers answers = new Transfers(2, TimeUnit.MINUTES.toNanos(1), System::nanoTime);
    BlockWatch watch = new BlockWatch(bodies, answers);
    watch.setLowerLayer(new AbstractLayer() {
      @Override
      public void sendResponse(Exchange exchange, Response response) {}
    });
    Request block = post("0123456789abcdef");
    block.setSourceContext(new AddressEndpointContext(new InetSocketAddress("192.0.2.1", 1)));
    block.getOptions().setBlock1(0, true, 1);
    Exchange exchange = new Exchange(block, "peer", Exchange.Origin.REMOTE, Runnable::run);
    Transfers.Key key = Transfers.keyOf(block);
    Transfers.Key other = new Transfers.Key(key.peer(), "another");

    bodies.begin(key);
    assertThat(bodies.isLeftFor(other)).isFalse();
    Response tooLarge = new Response(ResponseCode.REQUEST_ENTITY_TOO_LARGE);
    tooLarge.getOptions().setSize1(16);
    watch.sendResponse(exchange, tooLarge);
    assertThat(bodies.isLeftFor(other)).as("what came before is still kept").isFalse();
    watch.sendResponse(exchange, new Response(ResponseCode.REQUEST_ENTITY_INCOMPLETE));
    assertThat(bodies.isLeftFor(other)).isTrue();

    for (int i = 0; i < 3; i++) {
      Response part = new Response(ResponseCode.CONTENT);
      part.getOptions().setBlock2(0, i < 2, i);
      watch.sendResponse(exchange, part);
      assertThat(answers.isLeftFor(other)).as("block " + i).isEqualTo(i == 2);
    }
  }

  @Test
  void laterBlockOfAnAnswer_thatIsKeptNoMore_is408_andNothingIsDoneAgain() {
    Request request = post("a");
    request.getOptions().setBlock2(2, false, 3);
    Response response = blockByBlock().send(request, "/slow");
    assertThat(response.getCode()).isEqualTo(ResponseCode.REQUEST_ENTITY_INCOMPLETE);
    assertThat(held).isEmpty();
  }

  @Test
  void criticalOptions_thatCaliforniumKnowsAndWeDoNot_areBadOptions() {
    CoapsClient client = client("127.0.0.1");
    for (int number : List.of(1, 9, 19, 31)) {
      Request request = post("a");
      request
          .getOptions()
          .addOption(new Option(new OpaqueOptionDefinition(number, "Option"), new byte[] {1}));
      Response response = client.send(request, "/");
      assertThat(response.getCode()).as("option " + number).isEqualTo(ResponseCode.BAD_OPTION);
      assertThat(response.getPayloadString()).contains("option: " + number);
    }
  }

  @Test
  void observer_isTold_untilItForgets() throws Exception {
    CoapsClient client = client("127.0.0.1");
    CoapsClient.Observed observed = client.observe("/watched");
    assertThat(observed.first().getPayloadString()).isEqualTo("first");
    Observation observation = begun();
    assertThat(observation.chain()).isEqualTo(CLIENT.chain());
    int before = observed.first().getOptions().getObserve();
    for (String text : List.of("second", "third")) {
      observation.tell(content(text));
      Response next = observed.next();
      assertThat(next.getPayloadString()).isEqualTo(text);
      assertThat(next.getType()).isEqualTo(Type.CON);
      assertThat(next.getOptions().getObserve()).isGreaterThan(before);
      before = next.getOptions().getObserve();
    }
    observed.forget();
    observation.tell(content("fourth"));
    awaitOver(1);
  }

  @Test
  void observation_endsByRequest_byAnError_byAnotherOfTheSamePath_andWithItsSession()
      throws Exception {
    CoapsClient client = client("127.0.0.1");
    CoapsClient.Observed byRequest = client.observe("/watched");
    begun();
    byRequest.cancel();
    awaitOver(1);
    CoapsClient.Observed byError = client.observe("/watched");
    begun().tell(Diagnostics.of(ResponseCode.FORBIDDEN, "no more"));
    assertThat(byError.next().getCode()).isEqualTo(ResponseCode.FORBIDDEN);
    awaitOver(2);
    client.observe("/watched");
    begun();
    client.observe("/watched");
    begun();
    awaitOver(3);
    client.observe("/watched/too");
    begun();
    assertThat(over.get()).isEqualTo(3);
    server.endSessions(chain -> true);
    awaitOver(5);
  }

  @Test
  void observation_ofAClientThatSaysGoodbye_endsAtOnce() throws Exception {
    CoapsClient client = client("127.0.0.1");
    client.observe("/watched");
    begun();
    client.goodbye();
    awaitOver(1);
    assertThat(client.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
  }

  @Test
  void record_thatIsReplayed_isDroppedWithoutAWord() {
    try (DatagramProxy network = DatagramProxy.to(server.port(), 1)) {
      CoapsClient client = patientClient(network.port());
      client.send(post("a"), "/");
      client.send(post("a"), "/");
      long before = network.counts().datagrams();
      int served = asked.get();
      for (int i = 0; i < 20; i++) {
        network.replay();
      }
      assertThat(client.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
      assertThat(asked.get()).isEqualTo(served + 1);
      assertThat(network.counts().datagrams()).as("one each way").isEqualTo(before + 2);
    }
  }

  /** Hellos, cookie, certificate, requests: from the address from which they came. */
  @Test
  void session_thatIsReplayedFromItsBeginning_isServedNothing_andGoesOn() {
    try (DatagramProxy network = DatagramProxy.to(server.port(), 1)) {
      CoapsClient client = patientClient(network.port());
      client.send(post("a"), "/");
      client.send(post("a"), "/");
      String session = client.session();
      network.replayAll();
      assertThat(client.send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
      assertThat(asked.get()).isEqualTo(3);
      assertThat(client.session()).isEqualTo(session);
    }
  }

  /** One that does not repeat itself while a test counts. */
  private CoapsClient patientClient(int port) {
    CoapsClient client = new CoapsClient(
        "127.0.0.1",
        port,
        ROOT.certificate(),
        CLIENT,
        settings -> settings
            .set(CoapConfig.ACK_TIMEOUT, 30, TimeUnit.SECONDS)
            .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 30, TimeUnit.SECONDS));
    clients.add(client);
    return client;
  }

  @Test
  void bodiesInBlocks_ofOneAddress_areHalf_andOthersComeIn() {
    CoapsClient client = blockByBlock();
    int half = CoapsSettings.TRANSFERS / 2;
    for (int i = 0; i < half; i++) {
      assertThat(client.send(firstBlock(), "/large?" + i).getCode())
          .as("body " + i)
          .isEqualTo(ResponseCode.CONTINUE);
    }
    Response refused = client.send(firstBlock(), "/large?" + half);
    assertThat(refused.getCode()).isEqualTo(ResponseCode.SERVICE_UNAVAILABLE);
    assertThat(refused.getOptions().getMaxAge()).isEqualTo(10);
    assertThat(client("127.0.0.2").send(post("x".repeat(2_000)), "/large").getPayloadString())
        .isEqualTo("2000");
  }

  private static Request firstBlock() {
    Request block = post("0123456789abcdef");
    block.getOptions().setBlock1(0, true, 0);
    return block;
  }

  /** No datagram has more than 300 bytes, either way: each certificate comes in pieces. */
  @Test
  void handshakeInFragments_overABadNetwork_comesToItsEnd(@TempDir Path folder) throws Exception {
    stop();
    start(settings -> impatient(CoapsClient.inFragments(settings)));
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(ROOT.chain()));
    TestPki.write(folder, "client", CLIENT);
    long seed = new Random().nextLong();
    try (DatagramProxy network = DatagramProxy.to(server.port(), seed)) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      try (RawCoapClient client =
          RawCoapClient.byOpenssl(folder, network.port(), "client", RawCoapClient.inFragments())) {
        RawCoapClient.Answer answer = client.ask(2, "01", "", new byte[10]);
        String what = "seed " + seed + " " + network.counts();
        assertThat(new String(answer.payload(), UTF_8)).as(what).isEqualTo("10");
        assertThat(asked.get()).as(what).isEqualTo(1);
        assertThat(network.counts().longestAsked()).as(what).isLessThanOrEqualTo(300);
        assertThat(network.counts().longestAnswered()).as(what).isLessThanOrEqualTo(300);
      }
    }
  }

  /** By Scandium, which packs a flight into as few records as it can. */
  @Test
  void handshakeOfSeveralMessagesInARecord_overABadNetwork_comesToItsEnd() throws Exception {
    stop();
    start(CoapsServerTest::impatient);
    long seed = new Random().nextLong();
    try (DatagramProxy network = DatagramProxy.to(server.port(), seed)) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      for (int i = 0; i < 4; i++) {
        CoapsClient client = new CoapsClient(
            "127.0.0.1",
            network.port(),
            ROOT.certificate(),
            CLIENT,
            settings ->
                impatient(settings).set(DtlsConfig.DTLS_USE_MULTI_HANDSHAKE_MESSAGE_RECORDS, true));
        clients.add(client);
        assertThat(client.send(post("a"), "/").getCode())
            .as("seed %d %s", seed, network.counts())
            .isEqualTo(ResponseCode.CHANGED);
      }
    }
  }

  /** What is lost comes again soon. */
  private static Configuration impatient(Configuration settings) {
    return settings
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT, 200, TimeUnit.MILLISECONDS)
        .set(DtlsConfig.DTLS_RETRANSMISSION_TIMEOUT_SCALE, 1f)
        .set(DtlsConfig.DTLS_MAX_RETRANSMISSIONS, 100);
  }

  @Test
  void observation_ofAClientThatIsGone_ends() throws Exception {
    try (DatagramProxy network = DatagramProxy.to(server.port(), 1)) {
      CoapsClient client = new CoapsClient(network.port(), ROOT.certificate(), CLIENT);
      clients.add(client);
      client.observe("/watched");
      network.swallow();
      Observation observation = begun();
      observation.tell(content("second"));
      observation.tell(content("third"));
      awaitOver(1);
    }
  }

  @Test
  void observers_areSoManyAtMost_andOthersAreAnswered() throws Exception {
    CoapsClient client = client("127.0.0.1");
    for (int i = 0; i < 2 * SESSIONS; i++) {
      assertThat(client.observe("/watched/" + i).first().getOptions().hasObserve())
          .isTrue();
    }
    Response answer = client.observe("/watched/more").first();
    assertThat(answer.getPayloadString()).isEqualTo("first");
    assertThat(answer.getOptions().hasObserve()).isFalse();
    assertThat(meters.get("test.observations.refused").counter().count()).isEqualTo(1);
  }

  @Test
  void close_withAnAnswerUnderWay_sendsIt() throws Exception {
    CoapsClient client = client("127.0.0.1");
    CompletableFuture<Response> answer =
        CompletableFuture.supplyAsync(() -> client.send(post("a"), "/slow"));
    CoapsExchange exchange = held.poll(20, TimeUnit.SECONDS);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
    exchange.answer(Diagnostics.of(ResponseCode.CHANGED, "done"));
    closed.get(20, TimeUnit.SECONDS);
    assertThat(answer.get(20, TimeUnit.SECONDS).getPayloadString()).isEqualTo("done");
  }
}
