/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.muster.app.ApiCaller.Operation;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.CertificateRequest;
import dev.muster.device.CommandResult;
import dev.muster.device.FleetDevice;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.telemetry.Measurement;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the OpenAPI document says, against a muster with devices. */
class OpenApiIT {
  private static final String DEVICE = "acme-sn-0";
  private static final String OTHER = "acme-sn-1";
  private static final String PASSWORD = "correct horse battery";
  /** Takes sessions that throw each other out for a minute. */
  private static final Set<String> NEVER_SEEN = Set.of("acknowledgeSessionAlarm");

  @TempDir
  static Path folder;

  private static MusterProcess backend;
  private static PublishingFleet fleet;
  private static ApiCaller api;

  @BeforeAll
  static void start() throws IOException {
    backend = MusterProcess.start(folder, "serve", "--ephemeral-ports").awaitReady();
    fleet = PublishingFleet.start(folder, 2, Duration.ofMillis(500));
    api = new ApiCaller(folder.resolve("muster-data"));
  }

  @AfterAll
  static void stop() {
    if (fleet != null) {
      fleet.close();
    }
    backend.close();
  }

  @Test
  void answers_ofEveryOperation_areAsDescribed() throws Exception {
    await().atMost(Duration.ofSeconds(60)).until(() -> fleet.acknowledged() > 4);
    telemetry();
    twinsAndCommands();
    connections();
    manufacturers();
    certificates();
    bulk();
    devices();
    access();
    fleet();
    Set<String> missing = new TreeSet<>(api.operations().keySet());
    missing.removeAll(api.answered());
    assertThat(missing).isEqualTo(NEVER_SEEN);
  }

  private static void fleet() {
    api.call("describeApi").expect(200);
    api.call("waysToSignIn").expect(200);
    api.call("readHealth").expect(200);
    api.call("summarizeIdentities").expect(200);
    api.call("summarizeTraffic").expect(200);
    api.call("countDevices", "status=active&tag=site=berlin").expect(200);
  }

  private static void telemetry() throws Exception {
    FleetDevice late = fleet.startAnother("SN-5");
    Instant time = Instant.now().plus(90, ChronoUnit.DAYS);
    for (int i = 0; i < 2; i++) {
      late.telemetry("load")
          .send(List.of(new Measurement("n", "Cel", time, new Measurement.Value.Number(i))))
          .acknowledged()
          .get(60, TimeUnit.SECONDS);
    }
    String device = "device=" + DEVICE;
    api.call("readSeriesOfDevice", DEVICE, "points=2").expect(200);
    api.call("readSeries", device + "&device=" + OTHER + "&series=load/n").expect(200);
    api.call("readSeries", device + "&from=2025-01-01T00:00:00Z&points=10").expect(200);
    api.call("readLatestOfDevice", DEVICE).expect(200);
    api.call("readLatest", device + "&limit=1").expect(200);
    api.call("readRaw", DEVICE, "stream=load&metric=n&limit=1").expect(200);
    api.call("exportTelemetry", device + "&format=csv").expect(200);
    api.call("exportTelemetry", device + "&tier=1h").expect(200);
    api.call("listMessages", DEVICE, "limit=1").expect(200);
    api.call("listGaps", DEVICE).expect(200);
    api.call("readClock", DEVICE).expect(200);
    watch(device);
    JsonNode letters =
        api.call("listDeadLetters", "payload=true&device=acme-sn-5").expect(200);
    api.call("listDeadLettersOfDevice", "acme-sn-5").expect(200);
    String newest = letters.at("/deadLetters/0/id").asText();
    api.call("showDeadLetter", newest).expect(200);
    api.call("discardDeadLetter", newest).expect(200);
    api.call("discardDeadLetter", newest).expect(404);
    String other = letters.at("/deadLetters/1/id").asText();
    api.call("replayDeadLetter", other).json("{}").expect(200);
  }

  /** A stream has no end: its head and its first values will do. */
  private static void watch(String query) throws Exception {
    Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
    HttpRequest request = HttpRequest.newBuilder(
            ports.operatorUrl().resolve("/api/v1/telemetry/live?" + query))
        .header(
            "Authorization",
            "Bearer "
                + Files.readString(folder.resolve("muster-data/admin-token")).strip())
        .build();
    var response = api.http().send(request, HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      assertThat(lines.lines().limit(3)).contains("event: values");
    }
    api.answered().add("watchTelemetry");
  }

  private static void twinsAndCommands() throws Exception {
    String tag = tag(api.call("patchTwin", DEVICE).json("{'interval': 5}"));
    api.call("putTwin", DEVICE).header("If-Match", tag).json("{'interval': 6}").expect(200);
    api.call("putTwin", DEVICE).header("If-Match", tag).json("{'interval': 7}").expect(412);
    api.call("showTwin", DEVICE).expect(200);
    FleetDevice doer = fleet.startAnother("SN-6");
    doer.onCommand("do", (command, context) -> CommandResult.done(Map.of("well", true)));
    String key = UUID.randomUUID().toString();
    String done = api.call("sendCommand", "acme-sn-6")
        .header("Idempotency-Key", key)
        .json("{'name': 'do', 'payload': {'n': 1}}")
        .expect(200)
        .path("id")
        .asText();
    api.call("sendCommand", "acme-sn-6")
        .header("Idempotency-Key", key)
        .json("{'name': 'do'}")
        .expect(422);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() ->
            api.call("showCommand", done).expect(200).path("state").asText().equals("done"));
    String open = api.call("sendCommand", "nobody")
        .json("{'name': 'do', 'validForSeconds': 60}")
        .expect(200)
        .path("id")
        .asText();
    api.call("cancelCommand", open).expect(200);
    api.call("cancelCommand", done).json("{}").expect(409);
    api.call("listCommands", "acme-sn-6", "limit=1").expect(200);
  }

  private static void connections() {
    api.call("showPresence", DEVICE).expect(200);
    api.call("showPresence", "nobody").expect(404);
    api.call("listConnections", DEVICE, "limit=1").expect(200);
    api.call("listPresence", "state=online&limit=1").expect(200);
    api.call("listPresence", "device=" + DEVICE).expect(200);
    api.call("listClients").expect(200);
    api.call("explainRight", DEVICE, "publish=fleets/default/x&bytes=5&retain=true")
        .expect(200);
    api.call("listSessionAlarms", "all=true").expect(200);
    api.call("acknowledgeSessionAlarm", "session-99").expect(404);
    api.call("listRefusals", DEVICE).expect(200);
    String policy = api.call("showPolicy").expect(200).path("text").asText();
    api.call("previewPolicy").body(body("policy", policy)).expect(200);
    api.call("previewPolicy").json("{'policy': 'roles: ['}").expect(200);
  }

  private static String body(String name, String value, String... more) {
    var json = JsonNodeFactory.instance.objectNode().put(name, value);
    for (int i = 0; i < more.length; i += 2) {
      json.put(more[i], more[i + 1]);
    }
    return json.toString();
  }

  private static void manufacturers() throws Exception {
    Factory factory = Factory.init(folder.resolve("beta"), "beta", Clock.systemUTC());
    JsonNode added = api.call("addManufacturer")
        .body(body("name", "beta", "ca", Pem.of(List.of(factory.certificate()))))
        .expect(201);
    String proof = Pem.of(List.of(factory.prove(added.at("/cas/0/challenge").asText())));
    api.call("proveCa", "beta").body(body("certificate", proof)).expect(200);
    api.call("listManufacturers").expect(200);
    String tag = tag(api.call("showManufacturer", "beta"));
    api.call("changeTerms", "beta")
        .header("If-Match", tag)
        .json("{'renewalGrace': 'P1D', 'fleet': null}")
        .expect(200);
    api.call("changeTerms", "beta").header("If-Match", tag).json("{}").expect(412);
    api.call("disableManufacturer", "acme").json("{'renewals': false}").expect(200);
    api.call("reviewManufacturer", "acme", "limit=1").expect(200);
    api.call("enableManufacturer", "acme").json("{}").expect(200);
    api.call("takeCrl", "beta").json("{'url': 'http://localhost:1/crl'}").expect(200);
    api.call("takeManifest", "beta").body("serial,tags\nB1,site=berlin\nB2,=\n").expect(200);
    api.call("listManifests").expect(200);
    JsonNode claims = api.call("createClaims")
        .header("Idempotency-Key", UUID.randomUUID().toString())
        .json("{'manufacturer': 'beta', 'serial': 'B1'}")
        .expect(201);
    api.call("listClaims", "manufacturer=beta").expect(200);
    api.call("revokeClaim", claims.at("/claims/0/id").asText()).expect(200);
    api.call("removeCa", "beta", added.at("/cas/0/fingerprint").asText()).expect(200);
  }

  private static void certificates() {
    JsonNode issued = api.call("issueCertificate")
        .body(body(
            "role",
            "consumer",
            "name",
            "reader",
            "csr",
            CertificateRequest.create().csrPem()))
        .expect(201);
    String serial = issued.path("serial").asText();
    api.call("showCertificate", serial).expect(200);
    api.call("holdCertificate", serial).expect(200);
    api.call("unholdCertificate", serial).json("{}").expect(200);
    api.call("revokeCertificate", serial).json("{'reason': 'superseded'}").expect(200);
    api.call("listCertificates", "limit=1").expect(200);
    api.call("listCertificates", "device=" + DEVICE).expect(200);
    api.call("orderRenewal").json("{'fleet': 'nowhere'}").expect(201);
    api.call("listRenewalOrders").expect(200);
    api.call("rollOver", "service").json("{}").expect(200);
    api.call("rollOver", "service").json("{}").expect(409);
    api.call("listAuthorities").expect(200);
    api.call("listAudit", "order=newest&limit=1").expect(200);
    List<String> ordered = api.call("listAudit", "action=renewal.ordered&limit=2")
        .expect(200)
        .findValuesAsText("text");
    assertThat(ordered).isNotEmpty().allMatch(text -> text.contains("\"renewal.ordered\""));
    api.call("listAudit", "action=renewal.ordered&object=device:" + DEVICE).expect(400);
    api.call("listCheckpoints").expect(200);
  }

  private static void bulk() {
    JsonNode preview =
        api.call("previewBulk").json("{'query': {'prefix': 'acme'}}").expect(200);
    assertThat(preview.path("devices").asInt()).isEqualTo(4);
    api.call("tagMany")
        .json("{'query': {'prefix': 'acme'}, 'digest': '000000000000', 'set': {'a': 'b'}}")
        .expect(409);
    api.call("tagMany")
        .json("{'query': {'prefix': 'acme'}, 'devices': 4, 'set': {'a': 'b'}}")
        .expect(400);
    String key = UUID.randomUUID().toString();
    String order = "{'ids': ['" + DEVICE + "', 'nobody'], 'set': {'site': 'berlin'}}";
    String job = api.call("tagMany")
        .header("Idempotency-Key", key)
        .json(order)
        .expect(202)
        .path("id")
        .asText();
    JsonNode again =
        api.call("tagMany").header("Idempotency-Key", key).json(order).expect(202);
    assertThat(again.path("id").asText()).isEqualTo(job);
    await()
        .atMost(Duration.ofSeconds(60))
        .until(() -> api.call("showBulkJob", job).expect(200).hasNonNull("endedAt"));
    api.call("listBulkResults", job, "state=refused").expect(200);
    api.call("groupMany").json("{'ids': ['nobody'], 'add': ['x']}").expect(202);
    api.call("revokeMany").json("{'ids': ['nobody'], 'reason': 'superseded'}").expect(202);
    String last = api.call("retireMany")
        .json("{'ids': ['nobody']}")
        .expect(202)
        .path("id")
        .asText();
    api.call("cancelBulkJob", last).json("{}").expect(200);
    api.call("listBulkJobs", "limit=1").expect(200);
  }

  private static void devices() throws IOException {
    try (FleetDevice clone = cloneOf("SN-0");
        FleetDevice another = cloneOf("SN-1")) {
      clone.start();
      another.start();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> api.call("listWaiting").expect(200).path("waiting").size() == 2);
    }
    api.call("approveDevice", DEVICE).json("{'key': null}").expect(200);
    api.call("refuseDevice", OTHER).json("{'reason': 'a\\nb'}").expect(400);
    api.call("refuseDevice", OTHER).json("{'reason': 'sold as scrap'}").expect(200);
    JsonNode refused = api.call("listDecisions", "state=refused").expect(200);
    assertThat(refused.at("/decisions/0/reason").asText()).isEqualTo("sold as scrap");
    assertThat(api.call("listDecisions").expect(200).path("decisions")).hasSize(2);
    JsonNode alarms = api.call("listAlarms", "limit=5").expect(200);
    api.call("acknowledgeAlarm", alarms.at("/alarms/0/id").asText()).expect(200);
    api.call("listAlarms", "all=true").expect(200);
    String seen = tag(api.call("showDevice", DEVICE));
    String grouped =
        tag(api.call("groupDevice", DEVICE).header("If-Match", seen).json("{'add': ['canary']}"));
    api.call("groupDevice", DEVICE).header("If-Match", seen).json("{}").expect(412);
    api.call("tagDevice", DEVICE).header("If-Match", seen).json("{}").expect(412);
    api.call("tagDevice", DEVICE)
        .header("If-Match", grouped)
        .json("{'set': {'site': 'berlin'}, 'remove': ['x']}")
        .expect(200);
    api.call("listGroups").expect(200);
    api.call("listDevices", "tag=site=berlin&status=active").expect(200);
    api.call("listDevices", "sort=-ends&renewal=overdue&limit=1").expect(200);
    assertThat(api.call("exportDevices", "q=tag:site=berlin")
            .expect(200)
            .path("text")
            .asText()
            .lines())
        .singleElement()
        .asString()
        .startsWith("{\"id\":\"" + DEVICE + "\"")
        .endsWith("\"tags\":{\"site\":\"berlin\"},\"groups\":[\"canary\"]}");
    assertThat(api.call("exportDevices", "format=csv&sort=-id")
            .expect(200)
            .path("text")
            .asText()
            .lines())
        .first()
        .asString()
        .startsWith("id,fleet,status,");
    api.call("showDevice", DEVICE).expect(200);
    api.call("showHistory", DEVICE, "limit=1").expect(200);
    api.call("releaseDevice", "acme-sn-5").expect(200);
    api.call("transferDevice", "acme-sn-5")
        .json("{'to': 'south', 'approval': true}")
        .expect(200);
    api.call("retireDevice", "acme-sn-6").json("{}").expect(200);
    api.call("retireDevice", "nobody").json("{}").expect(404);
  }

  /** The entity tag of what is answered. */
  private static String tag(ApiCaller.Call call) throws IOException {
    return call.response(200).headers().firstValue("ETag").orElseThrow();
  }

  /** The same factory identity, in another place. */
  private static FleetDevice cloneOf(String serial) {
    Endpoints ports = Endpoints.read(folder.resolve("muster-data"));
    return FleetDevice.builder()
        .enrollment(ports.estUrl())
        .broker(ports.mqttUrl())
        .trust(fleet.root())
        .factoryIdentity(
            folder.resolve(serial).resolve("device.key"),
            folder.resolve(serial).resolve("chain.pem"))
        .stateDirectory(folder.resolve(serial + "-clone"))
        .build();
  }

  private static void access() throws Exception {
    Matcher link = Pattern.compile("/setup#(\\S+)").matcher(backend.stdout());
    assertThat(link.find()).isTrue();
    api.call("setUp").body(body("link", link.group(1))).expect(200);
    api.call("setUp")
        .body(body("link", link.group(1), "name", "ada", "password", PASSWORD))
        .expect(200);
    HttpResponse<String> in =
        api.call("signIn").body(body("name", "ada", "password", PASSWORD)).response(200);
    api.call("signIn").body(body("name", "ada", "password", "wrong")).expect(403);
    String cookie = in.headers().allValues("Set-Cookie").stream()
        .filter(one -> one.startsWith("__Host-muster="))
        .findFirst()
        .orElseThrow()
        .split(";")[0];
    String csrf = new com.fasterxml.jackson.databind.ObjectMapper()
        .readTree(in.body())
        .path("csrf")
        .asText();
    api.call("whoAmI").expect(200);
    api.call("whoAmI").as(cookie, csrf).expect(200);
    JsonNode token = api.call("createToken")
        .as(cookie, csrf)
        .json("{'name': 'ci', 'role': 'viewer'}")
        .expect(201);
    api.call("listTokens").expect(200);
    api.call("listDevices").header("Authorization", "Bearer x").expect(401);
    api.call("retireDevice", DEVICE)
        .header("Authorization", "Bearer " + token.path("secret").asText())
        .expect(403);
    api.call("revokeToken", token.path("id").asText()).expect(204);
    api.call("saveView", "mine").json("{'path': '/devices'}").expect(200);
    api.call("saveView", "mine").json("{'path': '/audit'}").expect(200);
    assertThat(
            api.call("listAudit", "order=newest&limit=1000").expect(200).findValuesAsText("text"))
        .anyMatch(text -> text.contains("view.saved")
            && text.contains("\"after\":\"/audit\",\"before\":\"/devices\""));
    String views = tag(api.call("listViews"));
    String changed = tag(api.call("saveView", "mine")
        .header("If-Match", views)
        .json("{'path': '/devices?q=is:never'}"));
    api.call("saveView", "mine")
        .header("If-Match", views)
        .json("{'path': '/health'}")
        .expect(412);
    api.call("removeView", "mine").header("If-Match", views).expect(412);
    api.call("removeView", "mine").header("If-Match", changed).expect(200);
    api.call("createOperator").json("{'name': 'eve', 'role': 'viewer'}").expect(201);
    api.call("newLink", "eve").expect(200);
    String etag = api.call("listOperators").expect(200).at("/operators/1/etag").asText();
    api.call("changeRole", "eve")
        .header("If-Match", etag)
        .json("{'role': 'operator'}")
        .expect(204);
    api.call("removeOperator", "eve").header("If-Match", etag).expect(412);
    api.call("removeOperator", "eve").expect(204);
    api.call("changePassword")
        .as(cookie, csrf)
        .body(body("current", PASSWORD, "password", PASSWORD + " staple"))
        .expect(204);
    String session = api.call("listSessions").expect(200).at("/sessions/0/id").asText();
    String current =
        api.call("whoAmI").as(cookie, csrf).expect(200).path("session").asText();
    assertThat(session).isEqualTo(current);
    api.call("signOut").as(cookie, csrf).expect(204);
    HttpResponse<String> again = api.call("signIn")
        .body(body("name", "ada", "password", PASSWORD + " staple"))
        .response(200);
    assertThat(again.body()).contains("session");
    api.call(
            "endSession",
            api.call("listSessions").expect(200).at("/sessions/0/id").asText())
        .expect(204);
  }

  /** Each parameter that is described, out of its bounds; and one that is not. */
  @Test
  void parameters_outOfTheirBounds_areRefusedByName() {
    for (Operation operation : api.operations().values()) {
      assertThat(detail(operation, needed(operation) + "bogus=1"))
          .as(operation.id())
          .contains("bogus");
      for (JsonNode one : operation.json().path("parameters")) {
        JsonNode parameter = api.follow(one);
        JsonNode schema = parameter.path("schema");
        String name = parameter.path("name").asText();
        if (!parameter.path("in").asText().equals("query")) {
          continue;
        }
        String others = needed(operation).replaceAll("\\b" + name + "=[^&]*&", "");
        for (String bad : bad(schema)) {
          assertThat(detail(operation, others + name + "=" + bad)).contains(name);
        }
        if (parameter.path("required").asBoolean()) {
          assertThat(detail(operation, others)).contains(name);
        }
      }
    }
  }

  private static List<String> bad(JsonNode schema) {
    if (schema.path("type").asText().equals("integer")) {
      return List.of(
          Long.toString(schema.path("maximum").asLong() + 1),
          Long.toString(schema.path("minimum").asLong() - 1),
          "x");
    }
    if (schema.path("format").asText().equals("date-time")) {
      return List.of("yesterday");
    }
    return schema.has("enum") || schema.has("pattern") ? List.of("%7E%7E") : List.of("x%00");
  }

  /** PostgreSQL knows none: it would be out of order for whoever asks. */
  @Test
  void names_withANul_areNobodys() {
    int asked = 0;
    for (Operation operation : api.operations().values()) {
      int segments = operation.path().replaceAll("[^{]", "").length();
      if (segments > 0) {
        ApiCaller.Call call =
            api.call(operation.id(), ("x\u0000,".repeat(segments) + needed(operation)).split(","));
        assertThat((operation.json().has("requestBody") ? call.json("{}") : call)
                .expect(404)
                .path("detail")
                .asText())
            .as(operation.id())
            .contains("NUL");
        asked++;
      }
    }
    assertThat(asked).isGreaterThan(40);
  }

  /** A manifest may be larger than any other body, but not without end. */
  @Test
  void manifest_ofTheGreatestSize_isRead_andOfOneByteMoreIsNot() {
    int most = 32 << 20;
    assertThat(api.call("takeManifest", "acme")
            .body(" ".repeat(most))
            .expect(400)
            .path("detail")
            .asText())
        .contains("manifest");
    api.call("takeManifest", "acme").body(" ".repeat(most + 1)).expect(413);
  }

  /** What has to be there, so that something else is found wrong. */
  private static String needed(Operation operation) {
    StringBuilder query = new StringBuilder();
    operation.json().path("parameters").forEach(one -> {
      JsonNode parameter = api.follow(one);
      if (parameter.path("in").asText().equals("query")
          && parameter.path("required").asBoolean()) {
        query.append(parameter.path("name").asText()).append("=x&");
      }
    });
    return query.toString();
  }

  private static String detail(Operation operation, String query) {
    ApiCaller.Call call = api.call(
        operation.id(),
        (operation.path().replaceAll("[^{]", "").replace("{", "x,") + query).split(","));
    JsonNode body = operation.json().path("requestBody");
    return (body.isMissingNode() ? call : call.json("{}"))
        .expect(400)
        .path("detail")
        .asText();
  }

  /** The greatest and the least of each number are taken, as is every word of a choice. */
  @Test
  void parameters_withinTheirBounds_areTaken() throws IOException {
    for (Operation operation : api.operations().values()) {
      if (!operation.method().equals("GET") || operation.id().equals("watchTelemetry")) {
        continue;
      }
      for (JsonNode one : operation.json().path("parameters")) {
        JsonNode parameter = api.follow(one);
        JsonNode schema = parameter.path("schema");
        String name = parameter.path("name").asText();
        for (String good : good(schema)) {
          String query = needed(operation) + name + "=" + good;
          assertThat(refusal(operation, query)).as(query).doesNotStartWith(name + ":");
        }
      }
    }
  }

  private static List<String> good(JsonNode schema) {
    if (schema.path("type").asText().equals("integer")) {
      return List.of(schema.path("minimum").asText(), schema.path("maximum").asText());
    }
    List<String> words = new java.util.ArrayList<>();
    schema.path("enum").forEach(word -> words.add(word.asText()));
    return words;
  }

  private static String refusal(Operation operation, String query) throws IOException {
    String path = operation.path().replaceAll("\\{\\w+}", "x");
    return api.get(path + "?" + query).path("detail").asText();
  }

  /** Bodies: a member that is not described, and each that is, of another type. */
  @Test
  void bodies_thatAreNotAsDescribed_areRefusedByName() {
    for (Operation operation : api.operations().values()) {
      JsonNode described = operation.json().at("/requestBody/content/application~1json/schema");
      JsonNode schema = api.follow(described);
      if (!schema.has("additionalProperties")) {
        continue;
      }
      assertThat(refused(operation, "{'bogus': 1" + others(schema, "") + "}"))
          .as(operation.id())
          .contains("bogus");
      schema.path("properties").properties().forEach(member -> {
        String name = member.getKey();
        JsonNode wanted = api.follow(member.getValue());
        if (wanted.has("type") || wanted.has("enum")) {
          String wrong = wanted.path("type").toString().contains("array") ? "5" : "[]";
          assertThat(refused(operation, "{'" + name + "': " + wrong + others(schema, name) + "}"))
              .as(operation.id())
              .contains(name);
        }
      });
      schema
          .path("required")
          .forEach(name -> assertThat(refused(
                  operation, "{" + others(schema, name.asText()).replaceFirst(", ", "") + "}"))
              .as(operation.id())
              .contains(name.asText()));
    }
  }

  /** What is no JSON, what is nested without end, what is too large: no route gets to read it. */
  @Test
  void bodies_thatAreMalformed_orTooLarge_areRefusedCleanly() {
    int refused = 0;
    for (Operation operation : api.operations().values()) {
      if (!operation.json().at("/requestBody/content").has("application/json")) {
        continue;
      }
      for (String bad : List.of(
          "{",
          "[]",
          "{'a': 1} x",
          "[".repeat(500_000),
          "{'a':".repeat(100_000),
          "\u0000",
          "{'a': '" + "x".repeat(2 << 20) + "'}")) {
        int status = bad.length() > 1 << 20 ? 413 : 400;
        JsonNode problem = api.call(
                operation.id(),
                operation.path().replaceAll("[^{]", "").replace("{", "x,").split(","))
            .json(bad)
            .expect(status);
        assertThat(problem.path("status").asInt()).as(operation.id()).isEqualTo(status);
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(200);
  }

  /** What has to be there, but for one. */
  private static String others(JsonNode schema, String but) {
    StringBuilder members = new StringBuilder();
    schema.path("required").forEach(name -> {
      if (!name.asText().equals(but)) {
        members.append(", '").append(name.asText()).append("': 'viewer'");
      }
    });
    return members.toString();
  }

  private static String refused(Operation operation, String body) {
    return api.call(
            operation.id(),
            operation.path().replaceAll("[^{]", "").replace("{", "x,").split(","))
        .json(body)
        .expect(400)
        .path("detail")
        .asText();
  }
}
