/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.muster.coap.CoapsConfig;
import dev.muster.coap.CoapsExchange;
import dev.muster.coap.CoapsServer;
import dev.muster.coap.CoapsService;
import dev.muster.coap.Diagnostics;
import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.est.EstChannel;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.scandium.dtls.HandshakeException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is asked of an enrollment server over CoAP, and what its answers mean. */
class EstOverCoapTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");
  private static final TestPki.Credential DEVICE = ROOT.issue("CN=d1").build();
  private static final byte[] LARGE = new byte[3_000];

  @TempDir
  Path folder;

  private final Server server = new Server();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private CoapsServer coaps;

  /** Says the same to all. */
  private static final class Server implements CoapsService {
    final List<String> asked = new CopyOnWriteArrayList<>();
    volatile Supplier<@Nullable Response> answer = () -> null;

    @Override
    public boolean takesBlocks(Request request) {
      return true;
    }

    @Override
    public void serve(CoapsExchange exchange) {
      Request request = exchange.request();
      OptionSet options = request.getOptions();
      asked.add(request.getCode() + " " + options.getUriPathString() + " "
          + options.getContentFormat() + " " + options.getAccept() + " "
          + request.getPayloadSize());
      Response response = answer.get();
      if (response != null) {
        exchange.answer(response);
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    start("127.0.0.1", ROOT.issue("CN=est").server().build());
  }

  private void start(String address, TestPki.Credential shown) throws IOException {
    coaps = new CoapsServer(
        CoapsConfig.on(address, 0),
        new CoapsServer.Offer("test", 16 * 1024, server),
        shown.key(),
        shown.chain(),
        meters);
  }

  @AfterEach
  void stop() {
    coaps.close();
  }

  private EstChannel channel(String path) throws IOException {
    return channel(coaps.port(), path, ROOT);
  }

  private EstChannel channel(int port, String path, TestPki.Credential trusted) throws IOException {
    return channel("localhost:" + port + path, trusted);
  }

  private EstChannel channel(String server, TestPki.Credential trusted) throws IOException {
    Path root =
        Files.writeString(folder.resolve("root.pem"), Pem.of(List.of(trusted.certificate())));
    TlsIdentity identity = TlsIdentity.of(
        new Credential(DEVICE.key(), DEVICE.chain()),
        TrustAnchors.read(root),
        DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
    return new CoapEstProvider().open(URI.create("coaps://" + server), identity, LIMIT);
  }

  private static Response content(int format, byte[] payload) {
    Response response = new Response(ResponseCode.CONTENT);
    response.setPayload(payload);
    response.getOptions().setContentFormat(format);
    return response;
  }

  @Test
  void calls_areThoseOfTheRfc_inOneSession() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    EstChannel channel = channel("");
    server.answer = () -> content(281, LARGE);
    assertThat(channel.get(EstOperation.CA_CERTS)).isEqualTo(LARGE);
    assertThat(channel.post(EstOperation.SIMPLE_ENROLL, LARGE)).isEqualTo(LARGE);
    assertThat(channel.post(EstOperation.SIMPLE_REENROLL, new byte[3])).isEqualTo(LARGE);
    server.answer = () -> content(285, new byte[2]);
    assertThat(channel.get(EstOperation.CSR_ATTRS)).hasSize(2);
    assertThat(server.asked)
        .containsExactly(
            "GET .well-known/est/crts -1 281 0",
            "POST .well-known/est/sen 286 281 3000",
            "POST .well-known/est/sren 286 281 3",
            "GET .well-known/est/att -1 285 0");
    assertThat(meters.get("test.sessions").gauge().value()).isEqualTo(1);
    assertThat(ClientThreads.since(before))
        .as("besides the one that asks")
        .containsExactlyInAnyOrder("muster-coap-est", "DTLS-Receiver");
    channel.hangUp();
    assertThat(channel.get(EstOperation.CSR_ATTRS)).as("in another session").hasSize(2);
    channel.hangUp();

    server.asked.clear();
    EstChannel labelled = channel("/est/line-1");
    assertThat(labelled.get(EstOperation.CSR_ATTRS)).hasSize(2);
    assertThat(server.asked).containsExactly("GET est/line-1/att -1 285 0");
    labelled.hangUp();
    await().atMost(LIMIT).until(() -> ClientThreads.since(before).isEmpty());
  }

  @Test
  void answers_tellWhatToDoNext() throws Exception {
    EstChannel channel = channel("");
    Supplier<Response> waits =
        () -> Diagnostics.later(ResponseCode.SERVICE_UNAVAILABLE, Duration.ofSeconds(30), "waits");
    EnrollmentDeferredException deferred =
        said(channel, EstOperation.SIMPLE_ENROLL, waits, EnrollmentDeferredException.class);
    assertThat(deferred.retryAfter()).isEqualTo(Duration.ofSeconds(30));
    assertThat(said(channel, EstOperation.CA_CERTS, waits, EnrollmentUnavailableException.class)
            .retryAfter())
        .isEqualTo(Duration.ofSeconds(30));
    Supplier<Response> many =
        () -> Diagnostics.later(ResponseCode.TOO_MANY_REQUESTS, Duration.ofHours(9), "too often");
    assertThat(said(channel, EstOperation.SIMPLE_ENROLL, many, EnrollmentUnavailableException.class)
            .retryAfter())
        .isEqualTo(Duration.ofHours(1));
    EnrollmentRefusedException unknown = said(
        channel,
        EstOperation.SIMPLE_REENROLL,
        () -> Diagnostics.of(ResponseCode.UNAUTHORIZED, "unknown CA"),
        EnrollmentRefusedException.class);
    assertThat(unknown.isCertificateUnknown()).isTrue();
    assertThat(unknown)
        .hasMessageContaining("sren was answered with 4.01")
        .hasMessageContaining("unknown CA");
    Supplier<Response> bad = () -> Diagnostics.of(ResponseCode.BAD_REQUEST, "publicKey: ended");
    assertThat(said(channel, EstOperation.SIMPLE_ENROLL, bad, EnrollmentRefusedException.class)
            .isRequestRefused())
        .isTrue();
    Supplier<Response> forbidden = () -> Diagnostics.of(ResponseCode.FORBIDDEN, "retired");
    assertThat(
            said(channel, EstOperation.SIMPLE_ENROLL, forbidden, EnrollmentRefusedException.class)
                .isCertificateUnknown())
        .isFalse();
    Supplier<Response> nothing = () -> Diagnostics.of(ResponseCode.NOT_FOUND, "path: not found");
    said(channel, EstOperation.CA_CERTS, nothing, ServerProtocolException.class);
    said(
        channel,
        EstOperation.CA_CERTS,
        () -> content(50, new byte[1]),
        ServerProtocolException.class);
    server.answer = nothing::get;
    assertThat(channel.get(EstOperation.CSR_ATTRS)).as("nothing is wanted").isEmpty();
    channel.hangUp();
  }

  private <E extends EnrollmentException> E said(
      EstChannel channel, EstOperation operation, Supplier<Response> answer, Class<E> expected) {
    server.answer = answer::get;
    return catchThrowableOfType(expected, () -> {
      if (operation.method().equals("GET")) {
        channel.get(operation);
      } else {
        channel.post(operation, new byte[1]);
      }
    });
  }

  @Test
  void abort_whileTheServerSaysNothing_endsTheCallAndLetsNoOtherBegin() throws Exception {
    EstChannel channel = channel("");
    CompletableFuture<Throwable> outcome = CompletableFuture.supplyAsync(
        () -> catchThrowable(() -> channel.get(EstOperation.CA_CERTS)));
    await().atMost(LIMIT).until(() -> !server.asked.isEmpty());
    channel.abort();
    assertThat(outcome).succeedsWithin(LIMIT);
    assertThat(outcome.join())
        .isInstanceOf(EnrollmentUnavailableException.class)
        .hasMessageContaining("ended by this device");
    assertThatThrownBy(() -> channel.get(EstOperation.CA_CERTS))
        .hasMessageContaining("ended by this device");
    channel.hangUp();
  }

  @Test
  void serverThatIsNotTrusted_isToldFromOneThatIsAway() throws Exception {
    EstChannel strict = channel(coaps.port(), "", TestPki.root("CN=Other"));
    assertThatThrownBy(() -> strict.get(EstOperation.CA_CERTS))
        .isInstanceOf(EnrollmentUnavailableException.class)
        .hasMessageContaining("is not trusted");
    strict.hangUp();
    assertThat(server.asked).isEmpty();
  }

  /** A refusal with a cause is nobody's word: it gives no certificate up. */
  @Test
  void calledExpiredByAnybody_isNoRefusalOfTheServer() throws Exception {
    try (AlertingImpostor impostor = new AlertingImpostor()) {
      EstChannel channel = channel(impostor.port(), "", ROOT);
      CompletableFuture<Throwable> outcome = CompletableFuture.supplyAsync(
          () -> catchThrowable(() -> channel.get(EstOperation.CSR_ATTRS)));
      impostor.answer();
      assertThat(outcome).succeedsWithin(LIMIT);
      assertThat(outcome.join())
          .isInstanceOf(EnrollmentRefusedException.class)
          .hasMessageContaining("refuses the certificate of this device")
          .hasCauseInstanceOf(HandshakeException.class);
      channel.hangUp();
    }
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 127.0.0.1", "::1, [::1]"})
  void server_isFoundByItsAddress(String address, String host) throws Exception {
    assumeThat(NetworkInterface.getByInetAddress(InetAddress.getByName(address)))
        .as(address)
        .isNotNull();
    stop();
    start(address, ROOT.issue("CN=est").serverAt(address).build());
    server.answer = () -> content(285, new byte[2]);
    EstChannel channel = channel(host + ":" + coaps.port(), ROOT);
    assertThat(channel.get(EstOperation.CSR_ATTRS)).hasSize(2);
    channel.hangUp();
  }

  @Test
  void badNetwork_costsTimeAlone() throws Exception {
    try (DatagramProxy network = DatagramProxy.to(coaps.port(), 3)) {
      network.faults(new DatagramProxy.Faults(0.05, 0.2, 0.2));
      EstChannel channel = channel(network.port(), "", ROOT);
      server.answer = () -> content(281, LARGE);
      assertThat(channel.post(EstOperation.SIMPLE_ENROLL, LARGE)).isEqualTo(LARGE);
      assertThat(server.asked).hasSize(1);
      channel.hangUp();
    }
  }
}
