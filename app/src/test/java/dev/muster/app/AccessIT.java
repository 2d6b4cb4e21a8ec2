/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.ApiCaller.Call;
import dev.muster.app.ApiCaller.Operation;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.FleetDevice;
import dev.muster.protocol.telemetry.Measurement;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every operation of the OpenAPI document, asked for by each role, and by somebody who is limited
 * to another fleet, of a muster with devices.
 */
class AccessIT {
  private static final String PASSWORD = "correct horse battery";
  private static final List<String> ROLES = List.of("viewer", "operator", "officer", "admin");
  private static final String DEVICE = "acme-sn-0";
  private static final String NOBODY = "nobody";

  @TempDir
  static Path folder;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static MusterProcess backend;
  private static PublishingFleet fleet;
  private static OperatorClient keyHolder;
  private static ApiCaller api;

  /** Somebody who has signed in. */
  private record Signed(String cookie, String csrf) {
    Call asking(Call call) {
      return call.as(cookie, csrf);
    }
  }

  @BeforeAll
  static void start() throws IOException {
    backend = MusterProcess.start(
            folder, "serve", "--ephemeral-ports", "--set", "operators.trustedProxies=127.0.0.1,::1")
        .awaitReady();
    fleet = PublishingFleet.start(folder, 1, Duration.ofMillis(500));
    keyHolder = OperatorClient.local(folder.resolve("muster-data"));
    api = new ApiCaller(folder.resolve("muster-data"));
  }

  @AfterAll
  static void stop() {
    if (fleet != null) {
      fleet.close();
    }
    backend.close();
  }

  private static Signed signedIn(String name, String role, String... fleets) throws IOException {
    ObjectNode operator = JSON.createObjectNode().put("name", name).put("role", role);
    for (String one : fleets) {
      operator.withArray("fleets").add(one);
    }
    String link =
        keyHolder.post("access/operators", operator).path("path").asText().split("#")[1];
    HttpResponse<String> in = api.call("setUp")
        .body(
            JSON.createObjectNode().put("link", link).put("password", PASSWORD).toString())
        .response(200);
    String cookies = in.headers().allValues("Set-Cookie").stream()
        .map(one -> one.split(";")[0])
        .collect(Collectors.joining("; "));
    return new Signed(cookies, JSON.readTree(in.body()).path("csrf").asText());
  }

  @Test
  void operation_askedForByEachRole_isAnsweredOrRefused() throws IOException {
    Map<String, Signed> all = new LinkedHashMap<>();
    for (String role : ROLES) {
      all.put(role, signedIn(role, role));
    }
    List<Operation> operations = new ArrayList<>(api.operations().values());
    // Last, as nothing can be asked for afterwards.
    operations.sort(Comparator.comparing(operation -> operation.id().equals("signOut")));
    for (Operation operation : operations) {
      JsonNode roles = operation.json().path("x-roles");
      boolean isForAnyone = roles.isMissingNode();
      int stranger = prepared(operation, "x").stranger().answer().statusCode();
      assertThat(stranger == 401)
          .as("%s by a stranger: %s", operation, stranger)
          .isEqualTo(!isForAnyone);
      for (String role : isForAnyone ? List.<String>of() : ROLES) {
        HttpResponse<String> answer =
            all.get(role).asking(prepared(operation, "x")).answer();
        int status = answer.statusCode();
        String what = operation.id() + " by " + role + ": " + status + " " + answer.body();
        if (texts(roles).contains(role)) {
          assertThat(status).as(what).isNotIn(401, 403).isLessThan(500);
        } else {
          assertThat(status).as(what).isEqualTo(403);
          assertThat(detail(answer)).as(what).startsWith("role " + role + " (expected: at least ");
        }
      }
    }
  }

  /** The proxy is this test. */
  @Test
  void orders_throughAKnownProxy_areWrittenDownWithWhereTheyCameFrom() {
    await().atMost(Duration.ofSeconds(60)).until(() -> fleet.acknowledged() > 0);
    for (Call order : List.of(
        api.call("groupDevice", DEVICE).json("{'add': ['forwarded']}"),
        api.call("patchTwin", DEVICE).json("{'forwarded': true}"))) {
      order.header("X-Forwarded-For", "198.51.100.9, 203.0.113.4").expect(200);
    }
    List<String> entries = api.call("listAudit", "object=device:" + DEVICE + "&limit=1000")
        .expect(200)
        .findValuesAsText("text");
    assertThat(entries).filteredOn(text -> text.contains("\"203.0.113.4\"")).hasSize(2);
    assertThat(entries).noneMatch(text -> text.contains("198.51.100.9"));
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(one -> texts.add(one.asText()));
    return texts;
  }

  private static String detail(HttpResponse<String> answer) throws IOException {
    return JSON.readTree(answer.body()).path("detail").asText();
  }

  /**
   * As good a request as can be made of what the document says.
   *
   * @param name stands wherever something is named
   */
  private static Call prepared(Operation operation, String name) {
    long variables = operation.path().chars().filter(c -> c == '{').count();
    List<String> parts = new ArrayList<>(Collections.nCopies((int) variables, name));
    // A stream would have no end, for those who may see it: they hear of a bad request instead.
    parts.add(operation.id().equals("watchTelemetry") ? "bogus=1" : needed(operation, name));
    Call call = api.call(operation.id(), parts.toArray(String[]::new));
    JsonNode content = operation.json().at("/requestBody/content");
    if (content.isMissingNode()) {
      return call;
    }
    if (operation.id().equals("changePassword")) {
      return call.json("{'current': '" + PASSWORD + "', 'password': 'short'}");
    }
    return call.body(
        content.has("application/json")
            ? sample(content.at("/application~1json/schema"), name).toString()
            : name);
  }

  private static String needed(Operation operation, String name) {
    List<String> query = new ArrayList<>();
    operation.json().path("parameters").forEach(one -> {
      JsonNode parameter = api.follow(one);
      if (parameter.path("in").asText().equals("query")
          && parameter.path("required").asBoolean()) {
        query.add(parameter.path("name").asText() + "=" + name);
      }
    });
    return String.join("&", query);
  }

  /** The least that is as described. */
  private static JsonNode sample(JsonNode described, String name) {
    JsonNode schema = api.follow(described);
    if (schema.has("enum")) {
      return schema.path("enum").path(0);
    }
    JsonNode type = schema.path("type");
    return switch (type.isArray() ? type.path(0).asText() : type.asText()) {
      case "integer" -> JSON.getNodeFactory().numberNode(schema.path("minimum").asInt(1));
      case "boolean" -> JSON.getNodeFactory().booleanNode(true);
      case "array" -> JSON.createArrayNode();
      case "string" -> JSON.getNodeFactory().textNode(name);
      default -> {
        ObjectNode object = JSON.createObjectNode();
        schema
            .path("required")
            .forEach(member -> object.set(
                member.asText(), sample(schema.path("properties").path(member.asText()), name)));
        yield object;
      }
    };
  }

  /** What he is told of something of another fleet is what he is told of nothing. */
  @Test
  void idsOfAnotherFleet_toWhoIsLimited_areThoseOfNothing() throws Exception {
    Signed sue = signedIn("sue", "admin", "south");
    Map<String, String> real = realIds();
    TreeSet<String> missing = new TreeSet<>(real.keySet());
    for (Operation operation : api.operations().values()) {
      String place = operation.path().replaceAll("}.*", "}");
      if (!real.containsKey(place)) {
        continue;
      }
      missing.remove(place);
      String id = real.get(place);
      String madeUp = id.equals(DEVICE) ? NOBODY : id.replaceAll("[0-9a-f]", "9");
      if (operation.method().equals("GET")) {
        assertThat(prepared(operation, id).answer().statusCode())
            .as("%s: there is one", operation.id())
            .isNotEqualTo(404);
      }
      HttpResponse<String> told = sue.asking(prepared(operation, id)).answer();
      HttpResponse<String> ofNothing = sue.asking(prepared(operation, madeUp)).answer();
      assertThat(told.statusCode()).as("%s: %s", operation.id(), told.body()).isEqualTo(404);
      assertThat(told.body().replace(id, madeUp)).isEqualTo(ofNothing.body());
    }
    assertThat(missing).isEmpty();
    for (String id : List.of(DEVICE, NOBODY)) {
      for (String operation : List.of(
          "readSeries",
          "readLatest",
          "exportTelemetry",
          "watchTelemetry",
          "listPresence",
          "listDeadLetters")) {
        sue.asking(api.call(operation, "device=" + id)).expect(404);
      }
      String ids = "{'ids': ['" + id + "']";
      for (Map.Entry<String, String> order : Map.of(
              "previewBulk", "}",
              "tagMany", ", 'set': {'a': 'b'}}",
              "groupMany", ", 'add': ['x']}",
              "retireMany", "}",
              "revokeMany", "}")
          .entrySet()) {
        JsonNode told =
            sue.asking(api.call(order.getKey())).json(ids + order.getValue()).expect(404);
        assertThat(told.path("detail").asText()).startsWith("ids: not all are known");
      }
    }
    for (String list : List.of(
        "listDevices",
        "listWaiting",
        "listDecisions",
        "exportDevices",
        "listCertificates",
        "listAlarms",
        "listBulkJobs",
        "listDeadLetters",
        "countDevices",
        "summarizeIdentities",
        "summarizeTraffic")) {
      assertThat(sue.asking(api.call(list)).expect(200).toString())
          .doesNotContain("acme", "default");
    }
    assertThat(sue.asking(api.call("countDevices")).expect(200).path("devices").asInt())
        .isZero();
  }

  /** One of each, of a device of the fleet {@code default}, by the beginning of its path. */
  private static Map<String, String> realIds() throws Exception {
    await().atMost(Duration.ofSeconds(60)).until(() -> fleet.acknowledged() > 0);
    FleetDevice ahead = fleet.startAnother("SN-1");
    Instant future = Instant.now().plus(90, ChronoUnit.DAYS);
    ahead
        .telemetry("load")
        .send(List.of(new Measurement("n", "Cel", future, new Measurement.Value.Number(1))))
        .acknowledged()
        .get(60, TimeUnit.SECONDS);
    String command = api.call("sendCommand", DEVICE)
        .json("{'name': 'do'}")
        .expect(200)
        .path("id")
        .asText();
    String job = api.call("tagMany")
        .json("{'ids': ['" + DEVICE + "'], 'set': {'site': 'berlin'}}")
        .expect(202)
        .path("id")
        .asText();
    return Map.of(
        "/devices/{id}", DEVICE,
        "/refusals/{name}", DEVICE,
        "/sessions/{client}", DEVICE,
        "/certificates/{serial}",
            api.call("listCertificates", "device=" + DEVICE)
                .expect(200)
                .at("/certificates/0/serial")
                .asText(),
        "/dead-letters/{letter}",
            api.call("listDeadLetters").expect(200).at("/deadLetters/0/id").asText(),
        "/commands/{command}", command,
        "/bulk/{job}", job);
  }
}
