/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.registrar.HookVerdict;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against a small HTTP server of the JDK. */
class HttpEnrollmentHookTest {
  private static final HookQuestion QUESTION = new HookQuestion(
      "acme",
      "SN1",
      new Fingerprint("ab".repeat(32)),
      new DeviceSubject(new FleetName("default"), new DeviceId("acme-sn1")),
      false,
      new FleetName("north"),
      "10.0.0.1:1234");

  @TempDir
  Path folder;

  private final List<String> bodies = new CopyOnWriteArrayList<>();
  private final List<String> tokens = new CopyOnWriteArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch held = new CountDownLatch(1);
  private volatile int status = 200;
  private volatile String answer = "{\"decision\":\"allow\"}";
  private volatile boolean holding;
  private volatile boolean halting;
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server =
        serving(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
  }

  private HttpServer serving(HttpServer one) {
    one.setExecutor(threads);
    one.createContext("/ask", exchange -> {
      bodies.add(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
      tokens.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
      if (holding) {
        await();
      }
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      if (halting) {
        exchange.getResponseBody().write(bytes, 0, 3);
        exchange.getResponseBody().flush();
        await();
      }
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    one.start();
    return one;
  }

  private void await() {
    try {
      held.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void stop() {
    held.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private HookConfig config(Duration timeout, int concurrency, boolean letIn) {
    return new HookConfig(
        URI.create("http://localhost:" + server.getAddress().getPort() + "/ask"),
        null,
        null,
        timeout,
        concurrency,
        letIn);
  }

  private static EnrollmentHook hook(HookConfig config) {
    return new HttpEnrollmentHook(config, new SimpleMeterRegistry());
  }

  private HookVerdict ask() {
    return hook(config(Duration.ofSeconds(20), 2, false)).ask(QUESTION);
  }

  @Test
  void question_carriesWhatIsKnown() {
    assertThat(ask()).isEqualTo(HookVerdict.INDIFFERENT);
    assertThat(new JsonObject(bodies.get(0)))
        .isEqualTo(new JsonObject()
            .put("manufacturer", "acme")
            .put("serial", "SN1")
            .put("idevid", "ab".repeat(32))
            .put("device", "acme-sn1")
            .put("fleet", "default")
            .put("known", false)
            .put("label", "north")
            .put("from", "10.0.0.1:1234"));
    assertThat(tokens).containsExactly("null");
  }

  @Test
  void answers_becomeVerdicts() {
    answer = "{\"decision\":\"allow\",\"fleet\":\"north\",\"device\":\"pump-7\"}";
    assertThat(ask())
        .isEqualTo(new HookVerdict.Allow(new FleetName("north"), new DeviceId("pump-7")));
    answer = "{\"decision\":\"refuse\",\"reason\":\"stolen\\n\\u202E\"}";
    assertThat(ask()).isEqualTo(new HookVerdict.Refuse("stolen??"));
    answer = "{\"decision\":\"defer\"}";
    assertThat(ask()).isEqualTo(new HookVerdict.Defer("no reason given"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "yes",
        "{}",
        "{\"decision\":\"ALLOW\"}",
        "{\"decision\":true}",
        "{\"decision\":\"allow\",\"device\":\"Pump\"}",
        "{\"decision\":\"allow\",\"device\":\"a/b\"}",
        "{\"decision\":\"allow\",\"device\":\"p\\u0430mp\"}",
        "{\"decision\":\"allow\",\"device\":7}",
        "{\"decision\":\"allow\",\"device\":\"\\uFF50ump\"}",
        "{\"decision\":\"allow\",\"device\":\"\"}",
        "{\"decision\":\"allow\",\"fleet\":\"North\"}",
        "{\"decision\":\"allow\",\"fleet\":\"n+\"}"
      })
  void unfitAnswer_isNone(String unfit) {
    answer = unfit;
    assertThatThrownBy(this::ask).isInstanceOf(HookUnavailableException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {201, 301, 404, 500})
  void otherStatus_isNone(int other) {
    status = other;
    assertThatThrownBy(this::ask).isInstanceOf(HookUnavailableException.class);
  }

  @Test
  void endlessAnswer_isNone() {
    answer = "{\"decision\":\"allow\"" + " ".repeat(20_000) + "}";
    assertThatThrownBy(this::ask).isInstanceOf(HookUnavailableException.class);
  }

  @Test
  void silence_isNoAnswer_unlessThatIsAllowed() {
    holding = true;
    Duration short1 = Duration.ofMillis(50);
    assertThatThrownBy(() -> hook(config(short1, 2, false)).ask(QUESTION))
        .isInstanceOf(HookUnavailableException.class);
    assertThat(hook(config(short1, 2, true)).ask(QUESTION)).isEqualTo(HookVerdict.INDIFFERENT);
    server.stop(0);
    assertThatThrownBy(this::ask).isInstanceOf(HookUnavailableException.class);
  }

  @Test
  void answersThatStopInTheMidst_areNone_andTheNextOneIsHeard() {
    halting = true;
    EnrollmentHook impatient = hook(config(Duration.ofMillis(200), 2, false));
    for (int i = 0; i < 4 * Runtime.getRuntime().availableProcessors(); i++) {
      assertThatThrownBy(() -> impatient.ask(QUESTION))
          .isInstanceOf(HookUnavailableException.class)
          .hasMessageContaining("no answer in PT0.2S");
    }
    halting = false;
    assertThat(ask()).isEqualTo(HookVerdict.INDIFFERENT);
  }

  @Test
  void moreQuestionsThanAllowed_areNotAsked() throws Exception {
    holding = true;
    EnrollmentHook hook = hook(config(Duration.ofSeconds(20), 1, false));
    CompletableFuture<HookVerdict> first =
        CompletableFuture.supplyAsync(() -> hook.ask(QUESTION), threads);
    while (bodies.isEmpty()) {
      Thread.onSpinWait();
    }
    assertThatThrownBy(() -> hook.ask(QUESTION))
        .isInstanceOf(HookUnavailableException.class)
        .hasMessageContaining("open already");
    held.countDown();
    assertThat(first.get(20, TimeUnit.SECONDS)).isEqualTo(HookVerdict.INDIFFERENT);
  }

  @Test
  void overTls_theServerMustBeTheOneOfTheCa_andTheTokenIsSent() throws Exception {
    TestPki.Credential ca = TestPki.root("CN=Hook CA");
    HttpsServer https =
        HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    https.setHttpsConfigurator(new HttpsConfigurator(serverContext(ca)));
    serving(https);
    Path token = Files.writeString(folder.resolve("token"), "s3cret\n");
    URI url = URI.create("https://localhost:" + https.getAddress().getPort() + "/ask");
    assertThat(overTls(url, ca, token).ask(QUESTION)).isEqualTo(HookVerdict.INDIFFERENT);
    assertThat(tokens).containsExactly("Bearer s3cret");
    TestPki.Credential other = TestPki.root("CN=Other CA");
    assertThatThrownBy(() -> overTls(url, other, token).ask(QUESTION))
        .isInstanceOf(HookUnavailableException.class);
    Files.writeString(token, "two words");
    assertThatThrownBy(() -> overTls(url, ca, token).ask(QUESTION))
        .isInstanceOf(HookUnavailableException.class);
    assertThat(tokens).hasSize(1);
    https.stop(0);
  }

  private EnrollmentHook overTls(URI url, TestPki.Credential ca, @Nullable Path token)
      throws IOException {
    Path file = folder.resolve("ca.pem");
    Files.writeString(file, TestPki.pem(List.of(ca.certificate())));
    return hook(new HookConfig(url, file, token, Duration.ofSeconds(20), 2, false));
  }

  private static SSLContext serverContext(TestPki.Credential ca) throws Exception {
    TestPki.Credential credential = ca.issue("CN=localhost").server("localhost").build();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    keys.load(null, null);
    keys.setKeyEntry(
        "server",
        credential.key(),
        new char[0],
        credential.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
    managers.init(keys, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(managers.getKeyManagers(), null, null);
    return context;
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://hook.example/ask", "ftp://localhost/x", "https:///x", "file:/x"})
  void urlThatIsNotSafe_isRefused(String url) {
    assertThatThrownBy(
            () -> new HookConfig(URI.create(url), null, null, Duration.ofSeconds(1), 1, false))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
