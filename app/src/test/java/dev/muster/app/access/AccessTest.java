/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.muster.app.data.AdminToken;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.protocol.file.DurableFiles;
import dev.muster.testing.MovableClock;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The door, before routes that answer 299 whatever they are asked, so that only the door refuses.
 */
class AccessTest {
  private static final int LET_THROUGH = 299;
  private static final String PASSWORD = "correct horse battery";
  private static final String KEY = "k".repeat(43);

  @TempDir
  static Path folder;

  private static final Vertx VERTX = Vertx.vertx();
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final List<AuditEvent> EVENTS = new CopyOnWriteArrayList<>();
  private static final Map<Role, String> TOKENS = new EnumMap<>(Role.class);
  private static String origin;
  private static String cookie;
  private static String csrf;

  @BeforeAll
  static void start() throws Exception {
    DurableFiles.write(folder.resolve("token"), KEY);
    Access access = new Access(
        folder.resolve("operators.json"),
        AdminToken.read(folder.resolve("token")),
        VERTX,
        MovableClock.at(Instant.parse("2026-03-01T12:00:00Z")),
        new SimpleMeterRegistry(),
        Access.Ways.PASSWORD,
        (fleets, devices) ->
            fleets.equals(List.of("south")) && devices.stream().allMatch("mine"::equals),
        device -> Optional.of(new DesiredTwins.Desired(
            3, new JsonObject("{\"a\":{\"b\":1,\"c\":2},\"d\":[1],\"e\":5}"))),
        EVENTS::add);
    Router root = Router.router(VERTX);
    root.route().handler(TrustedProxies.of(List.of("127.0.0.1", "::1"))::note);
    access.guard(root, "/api");
    root.route().handler(BodyHandler.create(false));
    access.audit(root, "/api");
    Router api = Router.router(VERTX);
    access.mount(api);
    api.get("/not-in-the-table")
        .handler(ctx -> ctx.response().setStatusCode(LET_THROUGH).end());
    api.getWithRegex("/(telemetry|export)/.*").handler(ctx -> {
      if (ctx.request().getParam("hold") == null) {
        ctx.next();
      } else {
        ctx.response().setChunked(true).write(": here\n\n");
      }
    });
    RouteTable.ENTRIES.stream()
        .filter(entry -> !entry.path().startsWith("/access/"))
        .forEach(entry -> api.route(entry.method(), entry.path())
            .handler(ctx -> ctx.response().setStatusCode(LET_THROUGH).end()));
    root.route("/api/*").subRouter(api);
    root.route()
        .failureHandler(ctx -> ctx.response()
            .setStatusCode(
                ctx.failure() instanceof HttpException expected
                    ? expected.getStatusCode()
                    : ctx.statusCode())
            .end());
    HttpServer server = VERTX.createHttpServer().requestHandler(root);
    origin = "http://localhost:"
        + server
            .listen(0, "localhost")
            .toCompletionStage()
            .toCompletableFuture()
            .get()
            .actualPort();
    String secret = access.setUpPath().orElseThrow().split("#")[1];
    HttpResponse<String> admin = send(
        "POST",
        "/access/setup",
        new JsonObject()
            .put("link", secret)
            .put("name", "ada")
            .put("password", PASSWORD)
            .encode());
    cookie = cookieOf(admin);
    csrf = new JsonObject(admin.body()).getString("csrf");
    for (Role role : Role.values()) {
      TOKENS.put(role, "Bearer " + new JsonObject(made(role.label(), role)).getString("secret"));
    }
  }

  private static String cookieOf(HttpResponse<String> signedIn) {
    return signedIn.headers().allValues("Set-Cookie").stream()
        .filter(one -> one.startsWith("__Host-muster="))
        .map(one -> one.split(";")[0])
        .collect(Collectors.joining());
  }

  @AfterAll
  static void stop() throws Exception {
    VERTX.close().toCompletionStage().toCompletableFuture().get();
  }

  private static HttpResponse<String> send(
      String method, String path, String body, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(origin + "/api" + path))
        .method(method, HttpRequest.BodyPublishers.ofString(body));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try {
      return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int status(RouteTable.Entry entry, String... headers) {
    String path = entry.path().replaceAll(":[a-z]+", "x");
    return send(entry.method().name(), path, "{}", headers).statusCode();
  }

  /** Every route with every role: let through, or refused with 403; strangers with 401. */
  @TestFactory
  List<DynamicTest> route() {
    return RouteTable.ENTRIES.stream()
        .filter(entry -> entry.least().isPresent())
        .map(entry -> DynamicTest.dynamicTest(entry.method() + " " + entry.path(), () -> {
          assertThat(status(entry)).as("a stranger").isEqualTo(401);
          assertThat(status(entry, "Authorization", "Bearer x"))
              .as("a wrong token")
              .isEqualTo(401);
          assertThat(status(entry, "Authorization", "Basic eDp5"))
              .as("a password")
              .isEqualTo(401);
          for (Role role : Role.values()) {
            boolean allowed = role.includes(entry.least().orElseThrow());
            assertThat(status(entry, "Authorization", TOKENS.get(role)))
                .as(role.label())
                .satisfies(status ->
                    assertThat(!allowed || isLetThrough(entry, status)).isTrue())
                .satisfies(status -> assertThat(allowed || status == 403).isTrue());
          }
        }))
        .toList();
  }

  /**
   * The door's own routes answer by themselves, and want a session where they change what is one's
   * own.
   */
  private static boolean isLetThrough(RouteTable.Entry entry, int status) {
    return entry.path().startsWith("/access/")
        ? List.of(200, 204, 400, 403, 404).contains(status)
        : status == LET_THROUGH;
  }

  /** Every route with an admin who is limited to a fleet, about a device of his and of another. */
  @TestFactory
  List<DynamicTest> routeOfALimitedOperator() {
    JsonObject made = new JsonObject(send(
            "POST",
            "/access/operators",
            "{\"name\": \"sue\", \"role\": \"admin\", \"fleets\": [\"south\"]}",
            "Cookie",
            cookie,
            "X-CSRF-Token",
            csrf)
        .body());
    HttpResponse<String> sue = send(
        "POST",
        "/access/setup",
        new JsonObject()
            .put("link", made.getString("path").split("#")[1])
            .put("password", PASSWORD)
            .encode());
    String[] headers = {
      "Cookie", cookieOf(sue), "X-CSRF-Token", new JsonObject(sue.body()).getString("csrf")
    };
    return RouteTable.ENTRIES.stream()
        .filter(entry -> !entry.path().startsWith("/access/") || entry.limit() == Limit.ALL)
        .map(entry -> DynamicTest.dynamicTest(entry.method() + " " + entry.path(), () -> {
          String method = entry.method().name();
          String his = entry.path().replaceAll(":[a-z]+", "mine");
          String others = entry.path().replaceAll(":[a-z]+", "x");
          int wide = send(method, his, "{}", headers).statusCode();
          int other =
              send(method, others + "?device=mine&device=x", "{}", headers).statusCode();
          int own = send(method, his + "?device=mine", "{}", headers).statusCode();
          List<Integer> expected = switch (entry.limit()) {
            case OWN -> List.of(LET_THROUGH, LET_THROUGH, LET_THROUGH);
            case DEVICE -> List.of(LET_THROUGH, 404, LET_THROUGH);
            case DEVICES -> List.of(403, 404, LET_THROUGH);
            case LISTED -> List.of(LET_THROUGH, 404, LET_THROUGH);
            case ALL -> List.of(403, 403, 403);
          };
          assertThat(List.of(wide, other, own)).isEqualTo(expected);
        }))
        .toList();
  }

  @Test
  void keyHolder_mayDoEverything() {
    RouteTable.ENTRIES.stream()
        .filter(entry -> !entry.path().startsWith("/access/"))
        .forEach(entry -> assertThat(status(entry, "Authorization", "Bearer " + KEY))
            .as(entry.path())
            .isEqualTo(LET_THROUGH));
  }

  @Test
  void routeThatIsNotInTheTable_isClosedToTheAdmin() {
    assertThat(send("GET", "/not-in-the-table", "", "Authorization", TOKENS.get(Role.ADMIN))
            .statusCode())
        .isEqualTo(404);
    assertThat(send("DELETE", "/devices/x", "", "Authorization", TOKENS.get(Role.ADMIN))
            .statusCode())
        .isEqualTo(404);
    assertThat(send("GET", "/not-in-the-table", "").statusCode()).isEqualTo(401);
  }

  @Test
  void pathsWrittenOtherwise_areReadAsTheRouterReadsThem() {
    for (String path : List.of(
        "/devices/x/retire/",
        "/devices//x/retire",
        "/devices/./x/retire",
        "/devices/x/../x/retire",
        "/devices/x/%72etire",
        "/devices/%2e%2e/retire",
        "//devices/x/retire")) {
      assertThat(send("POST", path, "{}", "Authorization", TOKENS.get(Role.OPERATOR))
              .statusCode())
          .as(path)
          .isIn(403, 404);
    }
  }

  @Test
  void session_withoutItsCsrfToken_looksButChangesNothing() {
    assertThat(send("GET", "/devices", "", "Cookie", cookie).statusCode()).isEqualTo(LET_THROUGH);
    String path = "/devices/x/retire";
    assertThat(send("POST", path, "{}", "Cookie", cookie).statusCode()).isEqualTo(403);
    assertThat(send("POST", path, "{}", "Cookie", cookie, "X-CSRF-Token", "x").statusCode())
        .isEqualTo(403);
    assertThat(send("POST", path, "{}", "Cookie", cookie, "X-CSRF-Token", csrf).statusCode())
        .isEqualTo(LET_THROUGH);
  }

  @Test
  void signIn_askedForByAnotherSite_isRefused() {
    String body = new JsonObject().put("name", "ada").put("password", PASSWORD).encode();
    assertThat(send("POST", "/access/session", body, "Sec-Fetch-Site", "cross-site")
            .statusCode())
        .isEqualTo(403);
    String[] form = {"Origin", "https://evil.example", "Content-Type", "text/plain"};
    assertThat(send("POST", "/access/session", body, form).statusCode())
        .as("a form, by a browser that does not say where it comes from")
        .isEqualTo(403);
    String[] ours = {"Origin", origin, "Content-Type", "application/json; charset=utf-8"};
    assertThat(send("POST", "/access/session", body, ours).statusCode()).isEqualTo(200);
    HttpResponse<String> own =
        send("POST", "/access/session", body, "Sec-Fetch-Site", "same-origin");
    assertThat(own.statusCode()).isEqualTo(200);
    assertThat(own.headers().allValues("Set-Cookie"))
        .hasSize(2)
        .allSatisfy(
            one -> assertThat(one).contains("Secure", "HTTPOnly", "SameSite=Strict", "Path=/"));
  }

  @Test
  void signIn_inASession_endsThatOne_butOnlyIfThePasswordIsRight() {
    String body = new JsonObject().put("name", "ada").put("password", PASSWORD).encode();
    String former = cookieOf(send("POST", "/access/session", body));
    String wrong = body.replace(PASSWORD, "wrong");
    assertThat(send("POST", "/access/session", wrong, "Cookie", former).statusCode())
        .isEqualTo(403);
    assertThat(who(former)).isEqualTo(200);
    String next = cookieOf(send("POST", "/access/session", body, "Cookie", former));
    assertThat(next).isNotEqualTo(former);
    assertThat(who(former)).isEqualTo(401);
    assertThat(who(next)).isEqualTo(200);
    assertThat(who(cookie)).as("of another browser").isEqualTo(200);
  }

  private static int who(String session) {
    return send("GET", "/access/session", "", "Cookie", session).statusCode();
  }

  @Test
  void signIn_guessed_isToldHowLongToWait() {
    String body = new JsonObject().put("name", "eve").put("password", "guess").encode();
    Optional<HttpResponse<String>> last = Optional.empty();
    for (int i = 0; i < 6; i++) {
      last = Optional.of(send("POST", "/access/session", body));
    }
    assertThat(last.orElseThrow().statusCode()).isEqualTo(429);
    assertThat(last.orElseThrow().headers().firstValue("Retry-After")).hasValue("2");
  }

  @Test
  void signIn_throughAKnownProxy_waitsForNobodyElseWhoGuessesThroughIt() {
    String body =
        new JsonObject().put("name", "mallory").put("password", "guess").encode();
    for (int i = 0; i < 5; i++) {
      assertThat(signInFrom("198.51.100.1", body)).isEqualTo(403);
    }
    assertThat(signInFrom("198.51.100.1", body)).isEqualTo(429);
    assertThat(signInFrom("198.51.100.1, 198.51.100.2", body)).isEqualTo(403);
  }

  private static int signInFrom(String forwardedFor, String body) {
    return send("POST", "/access/session", body, "X-Forwarded-For", forwardedFor)
        .statusCode();
  }

  @Test
  void token_ofAnOperator_isNotMadeByAToken_norForMore() {
    String body = new JsonObject().put("name", "more").put("role", "admin").encode();
    assertThat(send("POST", "/access/tokens", body, "Authorization", TOKENS.get(Role.ADMIN))
            .statusCode())
        .isEqualTo(403);
  }

  @Test
  void token_thatMayLessThanItsOwner_isNoWayToHisSessionsAndTokens() {
    String session = session();
    String token = new JsonObject(made("kept", Role.ADMIN)).getString("id");
    for (Role role : List.of(Role.VIEWER, Role.OPERATOR, Role.OFFICER)) {
      String bearer = TOKENS.get(role);
      for (String path : List.of("/access/sessions", "/access/tokens")) {
        assertThat(send("GET", path, "", "Authorization", bearer).statusCode()).isEqualTo(403);
      }
      for (String path : List.of("/access/sessions/" + session, "/access/tokens/" + token)) {
        assertThat(send("DELETE", path, "", "Authorization", bearer).statusCode())
            .isEqualTo(403);
      }
    }
    assertThat(session()).isEqualTo(session);
    String path = "/access/tokens/" + token;
    assertThat(send("DELETE", path, "", "Authorization", TOKENS.get(Role.ADMIN)).statusCode())
        .isEqualTo(204);
  }

  private static String session() {
    return new JsonObject(send("GET", "/access/session", "", "Cookie", cookie).body())
        .getString("session");
  }

  private static String made(String name, Role role) {
    String body = new JsonObject().put("name", name).put("role", role.label()).encode();
    return send("POST", "/access/tokens", body, "Cookie", cookie, "X-CSRF-Token", csrf)
        .body();
  }

  @Test
  void streams_ofAToken_endWhenItIsRevoked() {
    JsonObject made = new JsonObject(made("looker", Role.VIEWER));
    List<InputStream> streams = Stream.of("/telemetry/live", "/telemetry/export")
        .map(path -> stream(path + "?hold=1", "Bearer " + made.getString("secret")))
        .toList();
    String path = "/access/tokens/" + made.getString("id");
    assertThat(send("DELETE", path, "", "Cookie", cookie, "X-CSRF-Token", csrf).statusCode())
        .isEqualTo(204);
    assertTimeoutPreemptively(
        Duration.ofSeconds(20),
        () -> assertThat(streams)
            .allSatisfy(stream ->
                assertThatThrownBy(stream::readAllBytes).isInstanceOf(IOException.class)));
  }

  /** Half of what there is for all is left to the others. */
  @Test
  void streams_ofOneOperator_areNotAllThatThereAre() throws IOException {
    JsonObject made = new JsonObject(send(
            "POST",
            "/access/operators",
            "{\"name\": \"reader\", \"role\": \"viewer\"}",
            "Cookie",
            cookie,
            "X-CSRF-Token",
            csrf)
        .body());
    String reader = cookieOf(send(
        "POST",
        "/access/setup",
        new JsonObject()
            .put("link", made.getString("path").split("#")[1])
            .put("password", PASSWORD)
            .encode()));
    String path = "/export/devices?hold=1";
    InputStream first = streamOf(path, "Cookie", reader);
    InputStream second = streamOf(path, "Cookie", reader);
    HttpResponse<String> third = send("GET", "/export/devices", "", "Cookie", reader);
    assertThat(third.statusCode()).isEqualTo(429);
    assertThat(third.headers().firstValue("Retry-After")).hasValue("10");
    assertThat(send("GET", "/export/devices", "", "Authorization", TOKENS.get(Role.VIEWER))
            .statusCode())
        .as("somebody else")
        .isEqualTo(LET_THROUGH);
    first.close();
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(
                send("GET", "/export/devices", "", "Cookie", reader).statusCode())
            .isEqualTo(LET_THROUGH));
    second.close();
  }

  private static InputStream stream(String path, String bearer) {
    return streamOf(path, "Authorization", bearer);
  }

  /** Begun, and not read to its end. */
  private static InputStream streamOf(String path, String header, String value) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(origin + "/api" + path))
        .header(header, value)
        .build();
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofInputStream()).body();
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void order_toABrokerThatKeepsNoLog_isWrittenDownFirst() {
    send("POST", "/devices/pump-1/commands", "{}", "Authorization", TOKENS.get(Role.OPERATOR));
    assertThat(EVENTS).anySatisfy(event -> {
      assertThat(event.action()).isEqualTo("command.ordered");
      assertThat(event.object()).isEqualTo("device:pump-1");
      assertThat(event.actor().name()).isEqualTo("operator:ada/operator");
    });
  }

  @Test
  void order_aboutATwin_isWrittenDown_withWhatThereWasBefore() {
    Map<String, String> patched =
        ordered("PATCH", "/devices/pump-1/twin", "{\"a\":{\"b\":9,\"x\":1},\"d\":null}");
    assertThat(patched)
        .containsEntry("version", "3")
        .containsEntry("before", "{\"a\":{\"b\":1},\"d\":[1]}")
        .containsEntry("patch", "{\"a\":{\"b\":9,\"x\":1},\"d\":null}")
        .containsEntry("request", "PATCH /api/devices/pump-1/twin");
    assertThat(ordered("PUT", "/devices/pump-1/twin", "{\"e\":6}"))
        .containsEntry("before", "{\"a\":{\"b\":1,\"c\":2},\"d\":[1],\"e\":5}")
        .containsEntry("after", "{\"e\":6}");
    assertThat(ordered("PUT", "/devices/pump-1/twin", "{")).doesNotContainKey("after");
  }

  @Test
  void order_forACommand_isWrittenDown_withoutItsPayload() {
    String order =
        "{\"name\": \"unlock\", \"payload\": {\"pin\": \"4711\"}, \"validForSeconds\": 60}";
    Map<String, String> details = ordered("POST", "/devices/pump-1/commands", order);
    assertThat(details)
        .containsEntry("name", "unlock")
        .containsEntry("validForSeconds", "60")
        .containsOnlyKeys("name", "request", "validForSeconds");
    assertThat(details.toString()).doesNotContain("4711");
  }

  /** What was written down of it. */
  private static Map<String, String> ordered(String method, String path, String body) {
    int before = EVENTS.size();
    send(method, path, body, "Authorization", TOKENS.get(Role.OPERATOR));
    assertThat(EVENTS).hasSize(before + 1);
    return EVENTS.get(before).details();
  }

  @Test
  void badInput_isRefusedCleanly() {
    for (String body :
        List.of("", "[]", "{", "{\"name\": 5}", "{\"name\": {}, \"password\": []}", "null")) {
      assertThat(send("POST", "/access/session", body).statusCode()).as(body).isEqualTo(400);
      assertThat(send("POST", "/access/setup", body).statusCode()).as(body).isEqualTo(400);
    }
  }
}
