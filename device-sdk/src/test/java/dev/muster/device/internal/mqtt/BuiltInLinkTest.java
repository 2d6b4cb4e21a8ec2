/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.mqtt.MqttTransportContract.Recorder;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.testing.LoopFixture;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** With a broker that says, over TLS, whatever a test wants it to say. */
class BuiltInLinkTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String CONNACK = "2003000000";

  @TempDir
  Path folder;

  private final LoopFixture fixture = new LoopFixture();
  private final EventLoop loop = fixture.loop();
  private final ExecutorService pool = Executors.newCachedThreadPool();
  private final Recorder recorder = new Recorder() {
    @Override
    public void onMessage(String topic, byte[] payload) {
      if (topic.equals("defect")) {
        throw new IllegalStateException("of ours");
      }
      super.onMessage(topic, payload);
    }
  };
  private TestFleet fleet;
  private SSLServerSocket listener;
  private SSLSocket peer;
  private MqttLink link;

  @BeforeEach
  void listen() throws Exception {
    fleet = new TestFleet(folder);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    TestPki.Credential server = fleet.server();
    keys.setKeyEntry(
        "server", server.key(), new char[0], server.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    listener = (SSLServerSocket) context.getServerSocketFactory().createServerSocket(0);
  }

  @AfterEach
  void stop() throws IOException {
    pool.shutdownNow();
    listener.close();
    if (peer != null) {
      peer.close();
    }
    fixture.close();
  }

  /** Connects, and reads the CONNECT. */
  private void connect() throws IOException {
    connect(Duration.ofMinutes(10));
  }

  private void connect(Duration keepAlive) throws IOException {
    connect(LIMIT, keepAlive, pool);
    peer = (SSLSocket) listener.accept();
    peer.setSoTimeout((int) LIMIT.toMillis());
    peer.setTcpNoDelay(true);
    assertThat(hear()).startsWith("10");
  }

  private void connect(Duration timeout, Duration keepAlive, Executor threads) {
    TestPki.Credential device =
        fleet.deviceCa().issue("CN=d1, O=default, OU=device").build();
    LinkSettings settings = new LinkSettings(
        URI.create("mqtts://localhost:" + listener.getLocalPort()),
        "d1",
        TlsIdentity.of(
            new Credential(device.key(), device.chain()),
            TrustAnchors.read(fleet.trust()),
            DeviceClock.of(Clock.systemUTC(), Instant.EPOCH)),
        timeout,
        keepAlive,
        loop,
        threads);
    link = CompletableFuture.supplyAsync(
            () -> new BuiltInTransport().connect(settings, recorder), loop)
        .join();
  }

  private void say(String hex) throws IOException {
    peer.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  /** A record of TLS; nothing at the end. */
  private String hear() throws IOException {
    byte[] record = new byte[32 * 1024];
    int length = peer.getInputStream().read(record);
    return length < 0 ? "" : HexFormat.of().formatHex(record, 0, length);
  }

  private void onLoop(Runnable task) {
    CompletableFuture.runAsync(task, loop).join();
  }

  private LinkEnd awaitEnd() {
    await().atMost(LIMIT).until(() -> recorder.end != null);
    return recorder.end;
  }

  private void awaitHappened(int count) {
    await().atMost(LIMIT).until(() -> recorder.happened.size() >= count);
  }

  private static OutboundMessage message(int sequence) {
    return new OutboundMessage(
        "a/b", new byte[100], "application/json", new MessageIdentity("b", sequence));
  }

  @Test
  void connect_noThreadForLongerThanItMayTake_isLateOnlyOnceItHasBegun() {
    Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();
    connect(Duration.ofMillis(1), LIMIT, waiting::add);
    CompletableFuture<Void> later = new CompletableFuture<>();
    loop.after(Duration.ofMillis(2), () -> later.complete(null));

    assertThat(later).succeedsWithin(LIMIT);
    assertThat(recorder.end).isNull();
    waiting.remove().run();
    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.LOST);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "2008 00 87 05 1f 0002 6e6f         | REFUSED | not authorized (0x87): no",
        "2003 00 89 00                      | BUSY    | server busy (0x89)",
        "2003 00 97 00                      | BUSY    | quota exceeded (0x97)",
        "2003 00 9f 00                      | BUSY    | connection rate exceeded (0x9f)",
        "2003000000 e0 02 96 00             | BUSY    | message rate too high (0x96)",
        "2003 00 80 00                      | LOST    | unspecified error (0x80)",
        "2005 00 00 02 24 00                | LOST    | no messages of QoS 1",
        "2003000000 e0 02 8e 00             | LOST    | session taken over (0x8e)",
        "2003000000 e0 00                   | LOST    | the broker ended the connection",
      })
  void broker_hangsUp_isToldWhy(String hex, LinkEnd.Kind kind, String words) throws Exception {
    connect();
    say(hex);

    assertThat(awaitEnd().kind()).isEqualTo(kind);
    assertThat(recorder.end.detail()).contains(words);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      value = {
        "d000                         | PINGRESP: unexpected before the CONNACK | e00182",
        "2003000000 2003000000        | CONNACK: unexpected after the CONNACK   | e00182",
        "2003000000 f000              | packet type: 15                         | e00182",
        "2003000000 30ffffff7f        | expected: at most 1048576               | e00195",
        "2003000000 30ffffffff        | remaining length                        | e00181",
        "2003000000 4000              | two octets: ends after 0 bytes          | e00181",
      })
  void broker_saysWhatIsNotMqtt_isToldSoAndLeft(String hex, String words, String answer)
      throws Exception {
    connect();
    say(hex);

    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.LOST);
    assertThat(recorder.end.detail()).contains("not MQTT 5").contains(words);
    assertThat(hear()).isEqualTo(answer);
    assertThat(recorder.happened.stream().filter("ended"::equals)).hasSize(1);
  }

  @Test
  void packets_oneOctetARecord_andAllInOne_areTheSame() throws Exception {
    String packets = CONNACK + "3206 0001 61 0007 00" + "3004 0001 62 00";
    connect();
    for (String octet : packets.replace(" ", "").split("(?<=\\G..)")) {
      say(octet);
    }
    awaitHappened(3);
    assertThat(recorder.happened).containsExactly("connected", "message a ", "message b ");
    assertThat(hear()).isEqualTo("40020007");
    onLoop(link::close);
    recorder.happened.clear();

    connect();
    say(packets);
    awaitHappened(3);
    assertThat(recorder.happened).contains("connected", "message a ", "message b ");
    assertThat(hear()).isEqualTo("40020007");
  }

  @Test
  void publish_manyInOneTurn_goTogetherAndAreAcknowledgedTogether() throws Exception {
    connect();
    say(CONNACK);
    awaitHappened(1);

    onLoop(() -> {
      for (int i = 1; i <= 20; i++) {
        assertThat(link.publish(message(i))).isTrue();
      }
    });

    String record = hear();
    assertThat(record.split("0003612f62", -1)).hasSize(21); // The topic, of each.
    StringBuilder answers = new StringBuilder();
    for (int i = 20; i >= 1; i--) {
      answers.append(String.format("4002%04x", i));
    }
    say(answers.toString());
    awaitHappened(21);
    assertThat(recorder.happened.get(1)).isEqualTo("acknowledged 20 0");
    assertThat(recorder.happened.get(20)).isEqualTo("acknowledged 1 0");
  }

  @Test
  void keepAlive_ofTheBroker_isTakenIfShorter() throws Exception {
    connect();
    say("2006 00 00 03 13 0001");

    assertThat(hear()).isEqualTo("c000");
    assertThat(awaitEnd().detail()).isEqualTo("no answer to PINGREQ in time");
  }

  @ParameterizedTest(name = "{0}")
  @ValueSource(strings = {"0000", "ffff"})
  void keepAlive_ofTheBroker_noneOrLonger_leavesOurs(String seconds) throws Exception {
    connect(Duration.ofMillis(50));
    say("2006 00 00 03 13" + seconds);

    assertThat(hear()).isEqualTo("c000");
    assertThat(awaitEnd().detail()).isEqualTo("no answer to PINGREQ in time");
  }

  /** A server may change its keys whenever it likes, and ask for the same (RFC 8446, 4.6.3). */
  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void keys_changedOnTheWay_changeNothing(String protocol) throws Exception {
    listener.setEnabledProtocols(new String[] {protocol});
    connect();
    assertThat(peer.getSession().getProtocol()).isEqualTo(protocol);
    say(CONNACK);
    awaitHappened(1);

    for (int i = 1; i <= 3; i++) {
      int sequence = i;
      if (protocol.equals("TLSv1.3")) {
        peer.startHandshake();
      }
      onLoop(() -> link.publish(message(sequence)));
      assertThat(hear()).contains("0003612f62");
      say(String.format("4002%04x", i));
      awaitHappened(1 + i);
    }
    onLoop(link::close);

    assertThat(hear()).isEqualTo("e000");
    assertThat(hear()).isEmpty();
    peer.close();
    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.CLOSED);
  }

  /** With which it would have us make keys as often as it likes, and could become another. */
  @Test
  void handshake_askedForAgainInTls12_endsTheLink() throws Exception {
    listener.setEnabledProtocols(new String[] {"TLSv1.2"});
    connect();
    say(CONNACK);
    awaitHappened(1);

    peer.startHandshake(); // A HelloRequest; the answer would be read later.

    assertThatThrownBy(this::hear).isInstanceOf(IOException.class);
    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.LOST);
    assertThat(recorder.end.detail()).contains("the server wants to renegotiate");
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void tls_endedByTheBroker_endsTheLinkAfterWhatItSaid(String protocol) throws Exception {
    listener.setEnabledProtocols(new String[] {protocol});
    connect();
    say(CONNACK + "3004 0001 62 00");
    peer.shutdownOutput(); // A close_notify; the connection of TCP stays.

    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.LOST);
    assertThat(recorder.happened).startsWith("connected", "message b ");
  }

  @Test
  void messages_moreAtATimeThanWeTake_endTheLink() throws Exception {
    connect();
    say(CONNACK + "3206 0001 61 0007 00".repeat(64));
    awaitHappened(65);
    assertThat(hear()).isEqualTo("40020007".repeat(64));

    say("3206 0001 61 0007 00".repeat(65));

    assertThat(awaitEnd().detail()).contains("more than 64 unacknowledged");
    assertThat(hear()).isEqualTo("40020007".repeat(64) + "e00193");
  }

  @Test
  void broker_thatSpeaksButDoesNotRead_isLeft() throws Exception {
    connect(Duration.ofSeconds(1));
    say(CONNACK);
    awaitHappened(1);
    onLoop(() -> {
      for (int i = 0; i < 16; i++) { // Far more than both sockets take.
        link.publish(new OutboundMessage("a/b", new byte[1_000_000], "application/json", null));
      }
    });

    await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(10))
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(() -> {
          if (recorder.end == null) {
            say("d000");
          }
          return recorder.end != null;
        });

    assertThat(recorder.end.detail()).isEqualTo("the broker reads nothing");
  }

  @Test
  void defect_endsTheLink() throws Exception {
    connect();
    say(CONNACK + "3009 0006 646566656374 00");

    assertThat(awaitEnd().kind()).isEqualTo(LinkEnd.Kind.LOST);
    assertThat(recorder.end.detail()).contains("of ours");
  }

  @Test
  void publish_largerThanARecord_isWhole() throws Exception {
    connect();
    say(CONNACK);
    awaitHappened(1);
    OutboundMessage large =
        new OutboundMessage("a/b", new byte[1_000_000], "application/json", null);
    onLoop(() -> link.publish(large)); // More than the socket takes before anybody reads.

    long heard = 0;
    while (heard < 1_000_000) {
      heard += hear().length() / 2;
    }

    say("40020001");
    awaitHappened(2);
  }
}
