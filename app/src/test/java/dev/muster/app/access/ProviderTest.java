/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jwt.JWTClaimsSet;
import dev.muster.app.data.AdminToken;
import dev.muster.app.operator.TrustedRoots;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.protocol.file.PemFile;
import dev.muster.testing.MovableClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Signing in by a real provider over HTTPS, as a browser does it. */
class ProviderTest {
  @TempDir
  static Path folder;

  @TempDir
  Path others;

  private static final Vertx VERTX = Vertx.vertx();
  private static final List<AuditEvent> EVENTS = new CopyOnWriteArrayList<>();
  private static TestProvider provider;
  private static HttpClient http;
  private static String origin;

  @BeforeAll
  static void start() throws Exception {
    provider = new TestProvider(folder);
    http = HttpClient.newBuilder()
        .sslContext(TrustedRoots.tls(PemFile.certificates(folder.resolve("provider-ca.pem")), null))
        .build();
    DurableFiles.write(folder.resolve("token"), "k".repeat(43));
    HttpServer server = VERTX.createHttpServer();
    Router root = Router.router(VERTX);
    origin = "http://localhost:"
        + server
            .requestHandler(root)
            .listen(0, "localhost")
            .toCompletionStage()
            .toCompletableFuture()
            .get()
            .actualPort();
    Access access = new Access(
        folder.resolve("operators.json"),
        AdminToken.read(folder.resolve("token")),
        VERTX,
        Clock.systemUTC(),
        new SimpleMeterRegistry(),
        new Access.Ways(OperatorCertificates.NONE, settings("origin.example")),
        (fleets, devices) -> false,
        device -> Optional.empty(),
        EVENTS::add);
    access.guard(root, "/api");
    root.route().handler(BodyHandler.create(false));
    Router api = Router.router(VERTX);
    access.mount(api);
    root.route("/api/*").subRouter(api);
    access.mountPages(root);
  }

  private static ProviderSettings settings(String host) {
    return new ProviderSettings(
        URI.create(provider.issuer()),
        TestProvider.CLIENT,
        folder.resolve("provider-secret"),
        folder.resolve("provider-ca.pem"),
        URI.create("https://" + host),
        "Example Corp",
        "preferred_username",
        "groups",
        List.of(
            ProviderSettings.Grant.parse("admins=admin"),
            ProviderSettings.Grant.parse("officers=officer south")));
  }

  @AfterAll
  static void stop() throws Exception {
    provider.close();
    VERTX.close().toCompletionStage().toCompletableFuture().get();
  }

  @BeforeEach
  void everybodyIsHonest() {
    provider.claims = set -> set;
    provider.signer = TestProvider.Signer.OWN;
  }

  private static HttpResponse<String> get(String url, String... headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String location(HttpResponse<String> response) {
    assertThat(response.statusCode()).isEqualTo(302);
    return response.headers().firstValue("Location").orElseThrow();
  }

  private static String cookies(HttpResponse<String> response) {
    return response.headers().allValues("Set-Cookie").stream()
        .map(one -> one.split(";")[0])
        .collect(Collectors.joining("; "));
  }

  /** Where the provider sends a browser back to, on our port; and the cookie of that browser. */
  private record Return(String url, String cookie) {}

  private static Return throughTheProvider() throws IOException, InterruptedException {
    HttpResponse<String> begun = get(origin + "/provider");
    assertThat(begun.headers().allValues("Set-Cookie").get(0))
        .contains("__Host-muster-provider=", "Secure", "HTTPOnly", "SameSite=Lax");
    String back = location(get(location(begun)));
    assertThat(back).startsWith("https://origin.example/provider/callback?code=");
    return new Return(back.replace("https://origin.example", origin), cookies(begun));
  }

  private static HttpResponse<String> signIn() throws IOException, InterruptedException {
    Return back = throughTheProvider();
    return get(back.url(), "Cookie", back.cookie());
  }

  /** After all that was refused: a provider that is out of order would refuse everything. */
  private void assertLetIn() throws IOException, InterruptedException {
    everybodyIsHonest();
    assertThat(location(signIn())).isEqualTo("/");
  }

  private static void assertRefused(String why) throws IOException, InterruptedException {
    HttpResponse<String> answer = signIn();
    assertThat(location(answer)).isEqualTo("/sign-in?refused=" + why);
    assertThat(cookies(answer)).doesNotContain("__Host-muster=");
  }

  @Test
  void operator_inAGroupWithARole_isSignedIn_withWhatItMayDo() throws Exception {
    HttpResponse<String> answer = signIn();
    assertThat(location(answer)).isEqualTo("/");
    JsonObject me = new JsonObject(
        get(origin + "/api/access/session", "Cookie", cookies(answer)).body());
    assertThat(me.getString("operator")).matches("anna~[0-9a-f]{12}@localhost:oidc");
    assertThat(me.getString("role")).isEqualTo("officer");
    assertThat(me.getJsonArray("fleets").encode()).isEqualTo("[\"south\"]");
    assertThat(EVENTS).anySatisfy(event -> {
      assertThat(event.action()).isEqualTo("operator.signed-in");
      assertThat(event.actor().name()).matches("operator:anna~[0-9a-f]{12}@localhost:oidc");
    });
    assertThat(get(origin + "/api/access/operators", "Cookie", cookies(answer)).statusCode())
        .isEqualTo(403);
  }

  @Test
  void operator_withoutAMapping_isNotLetIn() throws Exception {
    provider.claims = set -> set.claim("groups", List.of("staff", "officer", "ADMINS"));
    assertRefused("group");
    provider.claims = set -> set.claim("groups", null);
    assertRefused("group");
    assertLetIn();
  }

  @Test
  void ways_tellOfTheProvider() throws Exception {
    JsonObject ways = new JsonObject(get(origin + "/api/access/ways").body());
    assertThat(ways.getString("provider")).isEqualTo("Example Corp");
    assertThat(ways.getBoolean("certificate")).isFalse();
  }

  @Test
  void keysOfTheProvider_thatHaveChanged_areFetched() throws Exception {
    assertThat(location(signIn())).isEqualTo("/");
    provider.changeKey();
    assertThat(location(signIn())).isEqualTo("/");
  }

  @ParameterizedTest
  @EnumSource(value = TestProvider.Signer.class, mode = EnumSource.Mode.EXCLUDE, names = "OWN")
  void token_notSignedByTheProvider_isRefused(TestProvider.Signer signer) throws Exception {
    provider.signer = signer;
    assertRefused("provider");
    assertLetIn();
  }

  @Test
  void token_forSomebodyElse_orOfAnotherTime_isRefused() throws Exception {
    Instant now = Instant.now();
    List<UnaryOperator<JWTClaimsSet.Builder>> wrong = List.of(
        set -> set.issuer("https://evil.example"),
        set -> set.audience("another client"),
        set -> set.audience(List.of(TestProvider.CLIENT, "other")).claim("azp", "other"),
        set -> set.audience(List.of(TestProvider.CLIENT, "other")),
        set -> set.claim("azp", "other"),
        set -> set.audience((String) null),
        set -> set.expirationTime(Date.from(now.minusSeconds(300))),
        set -> set.expirationTime(null),
        set -> set.issueTime(Date.from(now.plusSeconds(600))),
        set -> set.claim("nonce", "of another sign-in"),
        set -> set.claim("nonce", null),
        set -> set.claim("preferred_username", null),
        set -> set.claim("preferred_username", "operator/admin\r\nx"));
    for (UnaryOperator<JWTClaimsSet.Builder> one : wrong) {
      provider.claims = one;
      assertRefused("provider");
    }
    assertLetIn();
  }

  @Test
  void comingBack_twice_orWithAnothersState_isRefused() throws Exception {
    Return back = throughTheProvider();
    Return others = throughTheProvider();
    assertThat(location(get(back.url()))).isEqualTo("/sign-in?refused=over");
    assertThat(location(get(back.url(), "Cookie", others.cookie())))
        .as("by the browser of somebody else")
        .isEqualTo("/sign-in?refused=over");
    assertThat(location(get(back.url(), "Cookie", back.cookie()))).isEqualTo("/");
    assertThat(location(get(back.url(), "Cookie", back.cookie()))).contains("refused=over");
    assertThat(location(get(origin + "/provider/callback"))).contains("refused=over");
    String withError = others.url().replaceAll("code=[^&]+", "error=access_denied");
    assertThat(location(get(withError, "Cookie", others.cookie()))).contains("refused=provider");
  }

  @Test
  void code_ofAnotherSignIn_isOfNoUse() throws Exception {
    Return one = throughTheProvider();
    Return other = throughTheProvider();
    String state = one.url().replaceAll(".*state=", "");
    String injected = other.url().replaceAll("state=.*", "state=" + state);
    assertThat(location(get(injected, "Cookie", one.cookie())))
        .as("the verifier is that of the other one")
        .isEqualTo("/sign-in?refused=provider");
    assertLetIn();
  }

  /** RFC 9207: a code of another provider is not shown to ours. */
  @Test
  void comingBack_fromAnotherIssuer_isRefused() throws Exception {
    Return back = throughTheProvider();
    assertThat(location(get(back.url() + "&iss=https://evil.example", "Cookie", back.cookie())))
        .isEqualTo("/sign-in?refused=provider");
    Return own = throughTheProvider();
    assertThat(location(get(own.url() + "&iss=" + provider.issuer(), "Cookie", own.cookie())))
        .isEqualTo("/");
  }

  /** If it says that it tells who it is, then whoever does not is somebody else. */
  @Test
  void code_withoutTheIssuer_ofAProviderThatTellsIt_isRefused() throws Exception {
    try (TestProvider teller = new TestProvider(others)) {
      teller.tellsIssuer = true;
      Provider asked = asked(teller, Clock.systemUTC());
      String issuer = teller.issuer();
      assertThatThrownBy(() -> asked.identify(asked.newPending(), "a code", null))
          .isInstanceOf(Provider.RefusedException.class)
          .hasMessage("iss: null (expected: " + issuer + ")");
      assertThatThrownBy(() -> asked.identify(asked.newPending(), "a code", issuer))
          .as("known by its name, and asked; the code is none")
          .hasMessage("token refused: invalid_grant");
    }
  }

  @Test
  void settings_thatAreUnsafe_areRefused() {
    assertThatThrownBy(() -> ProviderSettings.Grant.parse("admins"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ProviderSettings.Grant.parse("admins=root"))
        .isInstanceOf(IllegalArgumentException.class);
    String most = IntStream.range(0, 50).mapToObj(i -> " f" + i).collect(Collectors.joining());
    assertThat(ProviderSettings.Grant.parse("a=viewer" + most).fleets()).hasSize(50);
    assertThatThrownBy(() -> ProviderSettings.Grant.parse("a=viewer" + most + " more"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a=viewer: 51 fleets (expected: at most 50)");
    assertThatThrownBy(() -> new ProviderSettings(
            URI.create("http://plain.example"),
            "muster",
            null,
            null,
            URI.create("https://origin.example"),
            "",
            "sub",
            "groups",
            List.of(ProviderSettings.Grant.parse("a=viewer"))))
        .hasMessageContaining("issuer");
  }

  /** One that says it is somebody else (OpenID Connect Discovery 1.0, 4.3). */
  @Test
  void provider_thatSaysItIsAnother_isNotBelieved() throws Exception {
    try (TestProvider liar = new TestProvider(others)) {
      liar.saidIssuer = "https://evil.example";
      Provider asked = asked(liar, Clock.systemUTC());
      assertRefusedByDiscovery(asked);
      liar.saidIssuer = null;
      assertThat(asked(liar, Clock.systemUTC()).authorization(asked.newPending()))
          .hasPath("/authorize");
    }
  }

  /** Counted from the end of the attempt: one that takes long is not followed by the next. */
  @Test
  void provider_thatDoesNotAnswer_isLeftInPeaceForAWhile() throws Exception {
    MovableClock clock = MovableClock.at(Instant.parse("2026-03-01T12:00:00Z"));
    AtomicInteger times = new AtomicInteger();
    try (TestProvider slow = new TestProvider(others)) {
      slow.saidIssuer = "https://evil.example";
      slow.discovered = () -> {
        times.incrementAndGet();
        clock.advance(Duration.ofSeconds(15));
      };
      Provider asked = asked(slow, clock);
      assertRefusedByDiscovery(asked);
      clock.advance(Duration.ofSeconds(9));
      assertRefusedByDiscovery(asked);
      assertThat(times).hasValue(1);
      clock.advance(Duration.ofSeconds(1));
      slow.saidIssuer = null;
      assertThat(asked.authorization(asked.newPending())).hasPath("/authorize");
      assertThat(times).hasValue(2);
    }
  }

  private Provider asked(TestProvider who, Clock clock) {
    return new Provider(
        new ProviderSettings(
            URI.create(who.issuer()),
            TestProvider.CLIENT,
            null,
            others.resolve("provider-ca.pem"),
            URI.create("https://origin.example"),
            "",
            "sub",
            "groups",
            List.of(ProviderSettings.Grant.parse("a=viewer"))),
        clock);
  }

  private static void assertRefusedByDiscovery(Provider asked) {
    assertThatThrownBy(() -> asked.authorization(asked.newPending()))
        .isInstanceOf(Provider.RefusedException.class)
        .hasMessageContaining("discovery")
        .hasMessageContaining("evil.example");
  }
}
