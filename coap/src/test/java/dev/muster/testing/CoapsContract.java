/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.option.OpaqueOptionDefinition;
import org.eclipse.californium.core.config.CoapConfig;
import org.eclipse.californium.core.network.CoapEndpoint;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * What each service over CoAP and DTLS owes to those it knows, whatever strangers send: an answer;
 * and to the rest of the world: never more than three bytes for one, before an address is proven to
 * be its sender's.
 */
public abstract class CoapsContract {
  /** Handshakes at a time that the server is to be started with. */
  protected static final int HANDSHAKES = 16;

  private static final Duration LIMIT = Duration.ofSeconds(120);
  /** The long form is 10,000 of them. */
  private static final int MANY = Integer.getInteger("handshakes", 500);
  /** What may be left on the heap: of 500, less than a buffer of 64 KiB each; of 10,000, 3 KB. */
  private static final long MOST_BYTES = 32_000_000;

  private static final int MOST_GARBAGE = 1_200;
  private static final int MOST_ANSWERED = 1_500;
  private static final int BLOCK = 64;
  private static final HexFormat HEX = HexFormat.of();

  /** What may be posted, and is then answered with 2.04. */
  public record Post(String path, int format, byte[] body) {}

  protected abstract int port();

  protected abstract X509Certificate root();

  protected abstract MeterRegistry meters();

  /** What the names of its meters begin with. */
  protected abstract String name();

  /** One that the server knows by an intermediate CA, whose certificate it shows, too. */
  protected abstract TestPki.Credential device(String id);

  /** @return with a body of three blocks of 64 bytes; the same for the same id */
  protected abstract Post post(String id);

  /** Asks for something, and does not get it twice for nothing. */
  protected abstract void assertServed(CoapsClient known);

  private CoapsClient client(TestPki.Credential device) {
    return new CoapsClient(port(), root(), device);
  }

  private CoapsClient blockByBlock(TestPki.Credential device) {
    return new CoapsClient(
        "127.0.0.1",
        port(),
        root(),
        device,
        settings -> settings.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 0));
  }

  private double gauge(String meter) {
    return meters().get(name() + "." + meter).gauge().value();
  }

  private double count(String meter) {
    return meters().find(name() + "." + meter).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private static Request request(Post post, byte[] body) {
    Request request = Request.newPost();
    request.setPayload(body);
    request.getOptions().setContentFormat(post.format());
    return request;
  }

  private static void expect(ResponseCode code, Response response) {
    assertThat(response.getCode()).as(response.toString()).isEqualTo(code);
  }

  // Strangers

  /** Each from an address of its own, so that it is known what was said to which of them. */
  @Test
  void contract_datagramsOfNobody_areAnsweredWithThriceTheirBytesAtMost() throws Exception {
    TestPki.Credential device = device("contract-1");
    List<HalfOpenHandshake> strangers = new ArrayList<>();
    List<Integer> sent = new ArrayList<>();
    try (CoapsClient known = client(device)) {
      assertServed(known);
      for (byte[] bytes : nonsense()) {
        HalfOpenHandshake stranger = new HalfOpenHandshake("127.0.0.4", port());
        strangers.add(stranger);
        stranger.send(bytes);
        sent.add(bytes.length);
      }
      assertServed(known);
      try (HalfOpenHandshake last = new HalfOpenHandshake("127.0.0.4", port())) {
        assertThat(last.hello()).isNotEmpty();
      }
      int answered = 0;
      for (int i = 0; i < strangers.size(); i++) {
        int received = strangers.get(i).received();
        assertThat(received).as("datagram %d", i).isLessThanOrEqualTo(3 * sent.get(i));
        answered += received > 0 ? 1 : 0;
      }
      assertThat(answered).as("the hellos among them").isPositive();
    } finally {
      strangers.forEach(HalfOpenHandshake::close);
    }
  }

  private List<byte[]> nonsense() throws IOException {
    List<byte[]> datagrams = new ArrayList<>();
    Random random = new Random(7);
    byte[] hello;
    try (HalfOpenHandshake stranger = new HalfOpenHandshake("127.0.0.4", port())) {
      hello = stranger.clientHello(0, new byte[0]);
      datagrams.add(hello);
      datagrams.add(stranger.clientHello(1, new byte[32])); // A cookie that is none of ours.
      datagrams.add(stranger.clientHello(1, new byte[255]));
    }
    for (int length = 0; length < hello.length; length += 7) {
      datagrams.add(Arrays.copyOf(hello, length));
    }
    for (int i = 0; i < 100; i++) {
      byte[] changed = hello.clone();
      changed[random.nextInt(changed.length)] ^= (byte) (1 + random.nextInt(255));
      datagrams.add(changed);
      byte[] noise = new byte[random.nextInt(MOST_GARBAGE)];
      random.nextBytes(noise);
      datagrams.add(noise);
    }
    for (int type : List.of(20, 21, 22, 23, 24, 25, 26)) {
      for (int epoch : List.of(0, 1, 2)) {
        datagrams.add(record(type, epoch, new byte[] {1, 0}));
        datagrams.add(record(type, epoch, new byte[MOST_GARBAGE]));
      }
    }
    byte[] twice = Arrays.copyOf(hello, 2 * hello.length);
    System.arraycopy(hello, 0, twice, hello.length, hello.length);
    datagrams.add(twice);
    datagrams.add(
        HEX.parseHex("40010001b3657374036174 74".replace(" ", ""))); // CoAP, in the clear.
    return datagrams;
  }

  private static byte[] record(int type, int epoch, byte[] fragment) {
    return ByteBuffer.allocate(13 + fragment.length)
        .put((byte) type)
        .putShort((short) 0xfefd)
        .putShort((short) epoch)
        .putShort((short) 0)
        .putInt(77)
        .putShort((short) fragment.length)
        .put(fragment)
        .array();
  }

  @Test
  void contract_hellosOfUnprovenAddresses_areAnsweredInFewerBytes_andLeaveNothing()
      throws Exception {
    double before = gauge("connections");
    for (int i = 0; i < MANY; i++) {
      try (HalfOpenHandshake client = new HalfOpenHandshake(address(i), port())) {
        byte[] answer = client.hello();
        assertThat(answer.length).isLessThanOrEqualTo(client.clientHello(0, new byte[0]).length);
        assertThat(answer[13]).as("HelloVerifyRequest").isEqualTo((byte) 3);
      }
    }
    assertThat(gauge("handshakes")).isLessThanOrEqualTo(HANDSHAKES);
    assertThat(gauge("connections")).isLessThanOrEqualTo(before);
  }

  private static String address(int number) {
    return "127." + (16 + (number >> 16)) + "." + (number >> 8 & 0xff) + "." + (number & 0xff);
  }

  /** From the address and port of a client that has a session. */
  @Test
  void contract_datagramsInTheNameOfAClient_costItNothing() throws Exception {
    TestPki.Credential device = device("contract-2");
    try (UdpNat nat = new UdpNat(port());
        CoapsClient client = new CoapsClient(nat.port(), root(), device)) {
      assertServed(client);
      String session = client.session();
      int handshake = nat.handshakeRecords();
      int before = nat.bytesAnswered();
      int injected = 0;
      for (byte[] bytes : nonsense()) {
        nat.inject(bytes);
        injected += bytes.length;
      }
      assertServed(client);
      assertThat(nat.bytesAnswered() - before)
          .as("with the answer to the client")
          .isLessThanOrEqualTo(3 * injected + MOST_ANSWERED);
      assertThat(client.session()).isEqualTo(session);
      assertThat(nat.handshakeRecords()).isEqualTo(handshake);
    }
  }

  @Test
  void contract_recordsThatAreReplayed_areServedToNobody() throws Exception {
    TestPki.Credential device = device("contract-3");
    try (UdpNat nat = new UdpNat(port());
        HalfOpenHandshake elsewhere = new HalfOpenHandshake("127.0.0.4", port());
        CoapsClient client = new CoapsClient(nat.port(), root(), device)) {
      assertServed(client);
      assertServed(client);
      String session = client.session();
      int handshake = nat.handshakeRecords();
      double served = count("requests");
      List<byte[]> said = new ArrayList<>(nat.said());
      int replayed = 0;
      for (byte[] bytes : said) {
        nat.inject(bytes);
        elsewhere.send(bytes);
        replayed += bytes.length;
      }
      Collections.reverse(said);
      for (byte[] bytes : said) {
        nat.inject(bytes);
      }
      assertServed(client);
      assertThat(count("requests")).isEqualTo(served + 1);
      assertThat(client.session()).isEqualTo(session);
      assertThat(nat.handshakeRecords()).isEqualTo(handshake);
      assertThat(elsewhere.received()).isLessThanOrEqualTo(3 * replayed);
    }
  }

  /** By one stranger. */
  @Test
  void contract_halfOpenHandshakes_ofOneAddress_areBounded_andOthersAreServed() throws Exception {
    TestPki.Credential device = device("contract-4");
    try (CoapsClient known = client(device)) {
      assertServed(known);
      double before = gauge("connections");
      for (int i = 0; i < MANY; i++) {
        try (HalfOpenHandshake one = new HalfOpenHandshake("127.0.0.3", port())) {
          one.begin();
        }
      }
      awaitNoMoreThanHandshakes(before);
      assertServed(known);
    }
    try (CoapsClient newcomer = client(device)) {
      assertServed(newcomer);
    }
  }

  /** From an address each; as many as there may be a second, the oldest make room for. */
  @Test
  void contract_halfOpenHandshakes_ofManyAddresses_areBounded_andOthersAreServed()
      throws Exception {
    TestPki.Credential device = device("contract-5");
    try (CoapsClient known = client(device)) {
      assertServed(known);
      String session = known.session();
      double before = gauge("connections");
      long bytesBefore = liveBytes();
      int begun = 0;
      for (int i = 0; i < MANY; i++) {
        try (HalfOpenHandshake one = new HalfOpenHandshake(address(i), port())) {
          begun += one.begin() == HalfOpenHandshake.BEGUN ? 1 : 0;
        }
        if (i % (MANY / 5) == 0) {
          assertServed(known);
        }
      }
      assertThat(begun).isGreaterThan(HANDSHAKES);
      awaitNoMoreThanHandshakes(before);
      await().atMost(LIMIT).until(() -> liveBytes() - bytesBefore < MOST_BYTES);
      System.out.printf(
          "%s: %d half-open handshakes of as many addresses: %d begun, %.0f refused, %.0f gave"
              + " way; the heap grew by %.1f MB%n",
          name(),
          MANY,
          begun,
          count("handshakes.refused"),
          count("handshakes.evicted"),
          (liveBytes() - bytesBefore) / 1e6);
      assertServed(known);
      assertThat(known.session()).isEqualTo(session);
    }
    // Where more came than may in a second, a newcomer has to ask again.
    await().atMost(LIMIT).ignoreExceptions().untilAsserted(() -> {
      try (CoapsClient newcomer = client(device)) {
        assertServed(newcomer);
      }
    });
  }

  /** Of what was turned away, or had to give way, nothing is left. */
  private void awaitNoMoreThanHandshakes(double before) {
    assertThat(gauge("handshakes")).isLessThanOrEqualTo(HANDSHAKES);
    await().atMost(LIMIT).until(() -> gauge("connections") <= before + HANDSHAKES);
  }

  private static long liveBytes() {
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  @Test
  void contract_handshakesBegunAnewFromTheSamePort_countOnce() throws Exception {
    int local = 0;
    for (int i = 0; i < 2 * HANDSHAKES; i++) {
      try (HalfOpenHandshake again = new HalfOpenHandshake("127.0.0.6", local, port())) {
        local = again.localPort();
        assertThat(again.begin()).as("round " + i).isEqualTo(HalfOpenHandshake.BEGUN);
      }
    }
  }

  // Those who are known

  @Test
  void contract_deviceWithAnIntermediate_isServed() {
    TestPki.Credential device = device("contract-6");
    assertThat(device.chain()).hasSizeGreaterThan(1);
    try (CoapsClient client = client(device)) {
      assertServed(client);
    }
  }

  @Test
  void contract_addressThatChanges_keepsItsSessionByItsConnectionId() throws Exception {
    TestPki.Credential device = device("contract-7");
    try (UdpNat nat = new UdpNat(port());
        CoapsClient client = new CoapsClient(nat.port(), root(), device)) {
      assertServed(client);
      int handshake = nat.handshakeRecords();
      nat.rebind();
      assertServed(client);
      assertThat(nat.handshakeRecords()).isEqualTo(handshake);
    }
  }

  /** By which it is decided whose session makes room first. */
  @Test
  void contract_sessionsOfDevices_areKnown_andThoseOfStrangersAreNot() {
    TestPki.Credential device = device("contract-16");
    TestPki.Credential stranger = TestPki.root("CN=Elsewhere").issue("CN=x").build();
    Post post = post("contract-16");
    // Others may end meanwhile.
    await().atMost(LIMIT).untilAsserted(() -> {
      double before = gauge("sessions.known");
      try (CoapsClient client = client(device)) {
        assertServed(client);
        assertThat(gauge("sessions.known")).isEqualTo(before + 1);
      }
    });
    await().atMost(LIMIT).untilAsserted(() -> {
      double before = gauge("sessions.known");
      try (CoapsClient client = client(stranger)) {
        Response refused = client.send(request(post, post.body()), post.path());
        expect(ResponseCode.UNAUTHORIZED, refused);
        assertThat(gauge("sessions.known")).isEqualTo(before);
      }
    });
  }

  /** RFC 7252, 3: longer ones are no messages. */
  @Test
  void contract_tokensOfAllLengths_comeBack_andThoseThatCannotBeAreDropped() throws Exception {
    TestPki.Credential device = device("contract-8");
    try (RawCoapClient client = new RawCoapClient(port(), root(), device)) {
      for (int length = 0; length <= 15; length++) {
        byte[] token = new byte[length];
        Arrays.fill(token, (byte) (0xa0 + length));
        if (length > 8) {
          byte[] message = new byte[4 + length];
          message[0] = (byte) (0x40 | length);
          message[1] = 1;
          message[3] = (byte) length;
          client.send(message);
        }
        String sent = HEX.formatHex(token, 0, Math.min(length, 8));
        RawCoapClient.Answer answer = client.ask(1, sent, "b76e6f7768657265", new byte[0]);
        assertThat(answer.code()).as("4.04, length " + length).isEqualTo(0x84);
        assertThat(HEX.formatHex(answer.token())).isEqualTo(sent);
      }
    }
  }

  /** RFC 7252, 5.4.1: also those that Californium knows, and we do not. */
  @Test
  void contract_optionsThatAreNotUnderstood_areBadIfCritical_andElsePassedOver() {
    Post post = post("contract-9");
    try (CoapsClient client = client(device("contract-9"))) {
      for (int number : List.of(1, 5, 9, 19, 31, 9997)) {
        expect(ResponseCode.BAD_OPTION, client.send(withOption(post, number), post.path()));
      }
      expect(ResponseCode.CHANGED, client.send(withOption(post, 9998), post.path()));
    }
  }

  private static Request withOption(Post post, int number) {
    Request request = request(post, post.body());
    byte[] value = number == 5 ? new byte[0] : new byte[] {1}; // If-None-Match is empty.
    request.getOptions().addOption(new Option(new OpaqueOptionDefinition(number, "Option"), value));
    return request;
  }

  @Test
  void contract_contentFormatOfSomethingElse_is415_wholeAndInBlocks() {
    Post post = post("contract-10");
    Post picture = new Post(post.path(), 22, post.body()); // image/jpeg
    try (CoapsClient client = blockByBlock(device("contract-10"))) {
      expect(
          ResponseCode.UNSUPPORTED_CONTENT_FORMAT,
          client.send(request(picture, picture.body()), post.path()));
      expect(ResponseCode.UNSUPPORTED_CONTENT_FORMAT, client.send(block(picture, 0), post.path()));
      expect(ResponseCode.CHANGED, client.send(request(post, post.body()), post.path()));
    }
  }

  /** One of three blocks of 64 bytes. */
  private static Request block(Post post, int number) {
    byte[] body = post.body();
    assertThat(body.length).isBetween(2 * BLOCK + 1, 3 * BLOCK);
    int from = Math.min(number, 2) * BLOCK;
    int to = Math.min(from + BLOCK, body.length);
    Request block = request(post, Arrays.copyOfRange(body, from, to));
    block.getOptions().setBlock1(2, number < 2, number);
    return block;
  }

  @Test
  void contract_blocks_missingTwiceLateOrInterleaved_areKeptApart() {
    Post first = post("contract-11");
    Post second = post("contract-12");
    try (CoapsClient one = blockByBlock(device("contract-11"));
        CoapsClient other = blockByBlock(device("contract-12"))) {
      expect(ResponseCode.REQUEST_ENTITY_INCOMPLETE, one.send(block(first, 2), first.path()));
      expect(ResponseCode.CONTINUE, one.send(block(first, 0), first.path()));
      expect(ResponseCode.REQUEST_ENTITY_INCOMPLETE, one.send(block(first, 2), first.path()));
      for (int number = 0; number < 2; number++) {
        expect(ResponseCode.CONTINUE, one.send(block(first, number), first.path()));
        expect(ResponseCode.CONTINUE, other.send(block(second, number), second.path()));
      }
      expect(ResponseCode.CHANGED, one.send(block(first, 2), first.path()));
      expect(ResponseCode.CHANGED, other.send(block(second, 2), second.path()));
    }
  }

  @Test
  void contract_bodyThatIsTooLarge_is413_withoutBeingTaken() {
    Post post = post("contract-13");
    try (CoapsClient client = blockByBlock(device("contract-13"))) {
      Request announced = block(post, 0);
      announced.getOptions().setSize1(50_000);
      Response refused = client.send(announced, post.path());
      expect(ResponseCode.REQUEST_ENTITY_TOO_LARGE, refused);
      assertThat(refused.getOptions().getSize1()).isBetween(1_024, 49_999);
    }
    try (CoapsClient client = client(device("contract-13"))) {
      expect(
          ResponseCode.REQUEST_ENTITY_TOO_LARGE,
          client.send(request(post, new byte[50_000]), post.path()));
    }
  }

  /** A block that says 64 bytes, is not the last, and has fewer, or more. */
  @Test
  void contract_blocksOfAnotherSizeThanTheySay_makeNoBody() throws Exception {
    Post post = post("contract-14");
    TestPki.Credential device = device("contract-14");
    String options = options(post);
    Logger logger = (Logger) LoggerFactory.getLogger(CoapEndpoint.class);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    logger.addAppender(log);
    try (RawCoapClient client = new RawCoapClient(port(), root(), device)) {
      for (int size : List.of(10, 100)) {
        String token = HEX.toHexDigits((byte) size);
        client.tell(2, token, options + "d1020a", Arrays.copyOf(post.body(), size));
        RawCoapClient.Answer next = client.ask(
            2, token + "01", options + "d1021a", Arrays.copyOfRange(post.body(), BLOCK, 2 * BLOCK));
        assertThat(next.code()).as("4.08 after %d bytes", size).isEqualTo(0x88);
      }
      RawCoapClient.Answer begun =
          client.ask(2, "23", options + "d1020a", Arrays.copyOf(post.body(), BLOCK));
      assertThat(begun.code()).as("2.31").isEqualTo(0x5f);
    } finally {
      logger.detachAppender(log);
    }
    assertThat(log.list)
        .as("nobody is to fill the log")
        .noneMatch(event -> event.getLevel() == Level.ERROR);
  }

  /** Uri-Path and Content-Format. */
  private static String options(Post post) {
    StringBuilder options = new StringBuilder();
    int delta = 11;
    for (String segment : post.path().substring(1).split("/", -1)) {
      options.append(HEX.toHexDigits((byte) (delta << 4 | segment.length())));
      options.append(HEX.formatHex(segment.getBytes(java.nio.charset.StandardCharsets.US_ASCII)));
      delta = 0;
    }
    int format = post.format();
    return options
        + (format < 256
            ? "11" + HEX.toHexDigits((byte) format)
            : "12" + HEX.toHexDigits((short) format));
  }

  @Test
  void contract_clientThatVanishesInMidTransfer_beginsAnew() {
    Post post = post("contract-15");
    TestPki.Credential device = device("contract-15");
    try (CoapsClient client = blockByBlock(device)) {
      expect(ResponseCode.CONTINUE, client.send(block(post, 0), post.path()));
      expect(ResponseCode.CONTINUE, client.send(block(post, 1), post.path()));
    }
    try (CoapsClient again = blockByBlock(device)) {
      expect(ResponseCode.REQUEST_ENTITY_INCOMPLETE, again.send(block(post, 2), post.path()));
      expect(ResponseCode.CHANGED, again.send(request(post, post.body()), post.path()));
    }
  }
}
