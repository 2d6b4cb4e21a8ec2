/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators do with devices, over the API, while devices enroll with curl and openssl. */
class DeviceOperationsIT {
  @TempDir
  static Path folder;

  private static final JsonObject NOTHING = new JsonObject();

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(folder);
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Test
  void transferredDevice_losesItsCertificates_andEnrollsIntoTheNewFleet() {
    service.idevid("MOVE");
    String before = RunningService.serialOf(service.enrolled("MOVE", "move1"));
    RunningService.Answer moved =
        service.post("/devices/acme-move/transfer", new JsonObject().put("to", "north"));
    assertThat(moved.status()).isEqualTo(200);
    assertThat(moved.body().getString("fleet")).isEqualTo("north");
    assertThat(moved.body().getInteger("epoch")).isEqualTo(1);
    assertThat(service.get("/certificates/" + before).body().getString("reason"))
        .isEqualTo("affiliationChanged");
    service.csr("move2", "/");
    assertThat(service.enroll("simplereenroll", "move1", "move2").status()).isEqualTo(403);
    assertThat(service
            .unpack(service.enroll("simpleenroll", "MOVE", "move2"), "move2")
            .getSubjectX500Principal()
            .getName())
        .contains("O=north");
    // Once: the IDevID alone does not let in a third key.
    service.csr("move3", "/");
    assertThat(service.enroll("simpleenroll", "MOVE", "move3").status()).isEqualTo(202);
  }

  @Test
  void transferredDevice_withApproval_waitsForAnOperator() {
    service.idevid("WAIT");
    service.enrolled("WAIT", "wait1");
    JsonObject wish = new JsonObject().put("to", "north").put("approval", true);
    assertThat(service.post("/devices/acme-wait/transfer", wish).status()).isEqualTo(200);
    service.csr("wait2", "/");
    assertThat(service.enroll("simplereenroll", "wait1", "wait2").status()).isEqualTo(403);
    assertThat(service.enroll("simpleenroll", "WAIT", "wait2").status()).isEqualTo(202);
    service.post("/devices/acme-wait/approve", new JsonObject());
    assertThat(service.enroll("simpleenroll", "WAIT", "wait2").status()).isEqualTo(200);
  }

  /** Of whom nothing is known that would keep it out but that the operator wants to be asked. */
  @Test
  void transferredDevice_withApproval_waits_whateverItsLastCertificateEndedOf() {
    service.idevid("WAITS");
    String serial = RunningService.serialOf(service.enrolled("WAITS", "waits1"));
    JsonObject superseded = new JsonObject().put("reason", "superseded");
    assertThat(service.post("/certificates/" + serial + "/revoke", superseded).status())
        .isEqualTo(200);
    JsonObject wish = new JsonObject().put("to", "north").put("approval", true);
    assertThat(service.post("/devices/acme-waits/transfer", wish).status()).isEqualTo(200);
    service.csr("waits2", "/");
    assertThat(service.enroll("simpleenroll", "WAITS", "waits2").status()).isEqualTo(202);
    service.csr("waits3", "/");
    assertThat(service.enroll("simpleenroll", "WAITS", "waits3").status()).isEqualTo(202);
    service.post("/devices/acme-waits/release", new JsonObject());
    assertThat(service.enroll("simpleenroll", "WAITS", "waits2").status()).isEqualTo(200);
  }

  /** He was let through while it was of his fleet, and it was handed on before he had said all. */
  @Test
  void deviceOfAnotherFleet_isUnknown_toAllOrdersOfWhoIsLimited() {
    service.idevid("OTHERS");
    String serial = RunningService.serialOf(service.enrolled("OTHERS", "others1"));
    JsonObject to = new JsonObject().put("to", "south");
    JsonObject tags = new JsonObject().put("set", new JsonObject().put("hall", "1"));
    JsonObject groups = new JsonObject().put("add", new JsonArray().add("lamps"));
    JsonObject before = service.get("/devices/acme-others").body();
    Map.of(
            "/devices/acme-others/approve",
            NOTHING,
            "/devices/acme-others/refuse",
            NOTHING,
            "/devices/acme-others/release",
            NOTHING,
            "/devices/acme-others/retire",
            NOTHING,
            "/devices/acme-others/transfer",
            to,
            "/devices/acme-others/tags",
            tags,
            "/devices/acme-others/groups",
            groups,
            "/certificates/" + serial + "/hold",
            NOTHING,
            "/certificates/" + serial + "/unhold",
            NOTHING,
            "/certificates/" + serial + "/revoke",
            NOTHING)
        .forEach((path, body) -> assertThat(
                service.post(path, body, RunningService.FLEET, "south").status())
            .as(path)
            .isEqualTo(404));
    assertThat(service.get("/devices/acme-others").body()).isEqualTo(before);
    assertThat(service.trace("acme-others")).doesNotContain("certificate.held by operator");
    String hold = "/certificates/" + serial + "/hold";
    assertThat(service.post(hold, NOTHING, RunningService.FLEET, "default").status())
        .as("of his own fleet")
        .isEqualTo(200);
  }

  @Test
  void secondKey_raisesAnAlarm_untilAcknowledged() {
    service.idevid("TWIN");
    service.enrolled("TWIN", "twin1");
    service.csr("twin2", "/");
    assertThat(service.enroll("simpleenroll", "TWIN", "twin2").status()).isEqualTo(202);
    assertThat(service.enroll("simpleenroll", "TWIN", "twin2").status()).isEqualTo(202);
    List<JsonObject> open = alarms("/alarms", "acme-twin");
    assertThat(open).hasSize(1);
    assertThat(open.get(0).getString("kind")).isEqualTo("clone");
    String path = "/alarms/" + open.get(0).getString("id") + "/acknowledge";
    assertThat(service.post(path, new JsonObject()).body().getString("acknowledgedBy"))
        .startsWith("operator");
    assertThat(alarms("/alarms", "acme-twin")).isEmpty();
    assertThat(alarms("/alarms?all=true", "acme-twin")).hasSize(1);
    assertThat(service.post("/alarms/none/acknowledge", new JsonObject()).status())
        .isEqualTo(404);
  }

  /** Whoever copied the key of a certificate renews it, too: one of the two comes second. */
  @Test
  void renewalWhoseSuccessorIsInUse_waitsAndRaisesAnAlarm_theLostAnswerDoesNot() {
    service.idevid("FORK");
    service.enrolled("FORK", "fork1");
    String lost = renewed("fork1", "fork2");
    String next = renewed("fork1", "fork3");
    assertThat(service.get("/certificates/" + lost).body().getString("reason"))
        .isEqualTo("superseded");
    assertThat(alarms("/alarms", "acme-fork")).isEmpty();
    assertThat(service.enroll("simplereenroll", "fork1", "fork3").status())
        .as("the same request again")
        .isEqualTo(200);

    // An LDevID does not enroll; but its owner has it, and shows so.
    assertThat(service.enroll("simpleenroll", "fork3", "fork2").status()).isEqualTo(403);
    await().until(() -> service.get("/certificates/" + next).body().getString("usedAt") != null);
    service.csr("fork5", "/");
    assertThat(service.enroll("simplereenroll", "fork1", "fork5").status()).isEqualTo(202);
    assertThat(alarms("/alarms", "acme-fork"))
        .singleElement()
        .satisfies(alarm -> assertThat(alarm.getString("kind")).isEqualTo("clone"));
    assertThat(service.get("/certificates/" + next).body().getString("status")).isEqualTo("active");
    service.post("/devices/acme-fork/approve", new JsonObject());
    assertThat(service.enroll("simplereenroll", "fork1", "fork5").status()).isEqualTo(200);
    assertThat(service.get("/certificates/" + next).body().getString("reason"))
        .isEqualTo("superseded");
  }

  private static String renewed(String shown, String key) {
    service.csr(key, "/");
    return RunningService.serialOf(
        service.unpack(service.enroll("simplereenroll", shown, key), key));
  }

  private static List<JsonObject> alarms(String path, String device) {
    return service.get(path).body().getJsonArray("alarms").stream()
        .map(JsonObject.class::cast)
        .filter(alarm -> alarm.getString("device").equals(device))
        .toList();
  }

  @Test
  void transfer_thatCannotBe_isRefused() {
    service.idevid("STAY");
    service.enrolled("STAY", "stay1");
    String path = "/devices/acme-stay/transfer";
    assertThat(service.post(path, new JsonObject().put("to", "default")).status())
        .isEqualTo(409);
    assertThat(service.post(path, new JsonObject().put("to", "No Fleet")).status())
        .isEqualTo(400);
    assertThat(service.post(path, new JsonObject()).status()).isEqualTo(400);
    assertThat(service
            .post("/devices/nobody/transfer", new JsonObject().put("to", "north"))
            .status())
        .isEqualTo(404);
    service.post("/devices/acme-stay/retire", new JsonObject());
    assertThat(service.post(path, new JsonObject().put("to", "north")).status()).isEqualTo(409);
  }

  @Test
  void tagsAndGroups_areKept_andFilterTheList() {
    Stream.of("TAG1", "TAG2", "TAG3").forEach(serial -> {
      service.idevid(serial);
      service.enrolled(serial, serial.toLowerCase(Locale.ROOT));
    });
    JsonObject tags = new JsonObject().put("site", "hall 3").put("line", "7");
    RunningService.Answer tagged =
        service.post("/devices/acme-tag1/tags", new JsonObject().put("set", tags));
    assertThat(tagged.body().getJsonObject("tags")).isEqualTo(tags);
    service.post(
        "/devices/acme-tag2/tags",
        new JsonObject().put("set", new JsonObject().put("site", "hall 3")));
    service.post(
        "/devices/acme-tag2/groups", new JsonObject().put("add", new JsonArray().add("canary")));
    assertThat(ids("/devices?tag=site=hall%203")).containsExactly("acme-tag1", "acme-tag2");
    assertThat(ids("/devices?tag=site=hall%203&tag=line=7")).containsExactly("acme-tag1");
    assertThat(ids("/devices?group=canary&fleet=default&status=active&tag=site=hall%203"))
        .containsExactly("acme-tag2");
    assertThat(ids("/devices?group=canary&fleet=north")).isEmpty();
    assertThat(ids("/devices?tag=line=7&manufacturer=acme")).containsExactly("acme-tag1");
    assertThat(ids("/devices?tag=line=7&manufacturer=other")).isEmpty();
    JsonObject facets = service.get("/facets/devices?tag=site=hall%203").body();
    assertThat(facets.getInteger("devices")).isEqualTo(2);
    assertThat(facets.getJsonArray("manufacturer"))
        .containsExactly(new JsonObject().put("value", "acme").put("devices", 2));
    assertThat(facets.getJsonArray("tag").stream())
        .containsExactly(
            new JsonObject().put("value", "site=hall 3").put("devices", 2),
            new JsonObject().put("value", "line=7").put("devices", 1));
    assertThat(service.get("/groups").body().getJsonArray("groups"))
        .containsExactly(new JsonObject().put("name", "canary").put("devices", 1));

    service.post(
        "/devices/acme-tag1/tags", new JsonObject().put("remove", new JsonArray().add("line")));
    service.post(
        "/devices/acme-tag2/groups", new JsonObject().put("remove", new JsonArray().add("canary")));
    assertThat(service.get("/devices/acme-tag1").body().getJsonObject("tags"))
        .isEqualTo(new JsonObject().put("site", "hall 3"));
    assertThat(service.get("/groups").body().getJsonArray("groups")).isEmpty();
  }

  /** Of two who have looked at the same, one comes second. */
  @Test
  void tagsAndGroups_changedOverWhatIsNoMore_stayAsTheyAre() {
    service.idevid("TWO");
    service.enrolled("TWO", "two");
    String device = "/devices/acme-two";
    String seen = service.tag(device);
    assertThat(service.get(device).body().getString("etag")).isEqualTo(seen);
    JsonObject tag = new JsonObject().put("set", new JsonObject().put("site", "x"));
    JsonObject group = new JsonObject().put("add", new JsonArray().add("canary"));
    RunningService.Answer tagged = service.post(device + "/tags", tag, "If-Match", seen);
    assertThat(tagged.status()).isEqualTo(200);

    RunningService.Answer late = service.post(device + "/groups", group, "If-Match", seen);
    assertThat(late.status()).isEqualTo(412);
    assertThat(late.body().getString("detail")).startsWith("tags and groups: changed meanwhile");
    JsonObject remove = new JsonObject().put("remove", new JsonArray().add("site"));
    assertThat(service.post(device + "/tags", remove, "If-Match", seen).status())
        .isEqualTo(412);
    String next = tagged.body().getString("etag");
    assertThat(service.post(device + "/tags", remove, "If-Match", "W/" + next).status())
        .isEqualTo(412);
    assertThat(service.post(device + "/tags", remove, "If-Match", "x").status()).isEqualTo(400);
    assertThat(service.get(device).body().getJsonObject("tags"))
        .isEqualTo(new JsonObject().put("site", "x"));
    assertThat(service.trace("acme-two"))
        .filteredOn(text -> text.contains("tagged"))
        .hasSize(1);

    assertThat(service.tag(device)).isEqualTo(next).isNotEqualTo(seen);
    JsonObject grouped =
        service.post(device + "/groups", group, "If-Match", next).body();
    assertThat(grouped.getJsonArray("groups")).containsExactly("canary");
    assertThat(service.post(device + "/tags", remove, "If-Match", "*").status()).isEqualTo(200);
    assertThat(service
            .post(device + "/groups", new JsonObject().put("remove", group.getValue("add")))
            .body()
            .getString("etag"))
        .as("as it was at first")
        .isEqualTo(seen);
  }

  private static List<String> ids(String path) {
    return service.get(path).body().getJsonArray("devices").stream()
        .map(device -> ((JsonObject) device).getString("id"))
        .toList();
  }

  @Test
  void connections_asABrokerTells_areLookedForAndCounted_andNobodyGuessesThem() {
    Stream.of("SEEN1", "SEEN2", "SEEN3").forEach(serial -> {
      service.idevid(serial);
      service.enrolled(serial, serial.toLowerCase(Locale.ROOT));
    });
    for (String query : List.of("seen=%3C1h", "is=never", "q=seen%3E7d")) {
      assertThat(refusal("/devices?" + query))
          .contains("not known here", "the broker runs in the same process");
    }
    JsonObject untold = service.get("/devices/acme-seen1").body();
    assertThat(untold.fieldNames()).contains("online");
    assertThat(untold.getValue("online")).as("nobody tells").isNull();
    ConnectionListener listener = service.service().followConnections();
    listener.changed(new DeviceId("acme-seen1"), "1", Instant.now());
    listener.changed(new DeviceId("acme-seen2"), null, Instant.now().minus(Duration.ofHours(2)));
    listener.changed(new DeviceId("not-in-the-registry"), "2", Instant.now());
    await().until(() -> ids("/devices?is=online").equals(List.of("acme-seen1")));
    assertThat(ids("/devices?q=acme-seen%20seen%3C1h")).containsExactly("acme-seen1");
    assertThat(ids("/devices?prefix=acme-seen&seen=%3E1h&seen=%3C1d"))
        .containsExactly("acme-seen2");
    assertThat(ids("/devices?prefix=acme-seen&is=never")).containsExactly("acme-seen3");
    assertThat(ids("/devices?q=acme-seen&cert.expires=%3C31d")).hasSize(3);
    assertThat(ids("/devices?q=acme-seen%20cert.expires%3C1d")).isEmpty();
    JsonObject shown =
        service.get("/devices?is=offline").body().getJsonArray("devices").getJsonObject(0);
    assertThat(shown.getBoolean("online")).isFalse();
    assertThat(Instant.parse(shown.getString("seenUntil"))).isBefore(Instant.now());
    assertThat(service.get("/devices/acme-seen1").body().getBoolean("online")).isTrue();
    assertThat(service.get("/facets/devices?q=seen%3C3h").body().getInteger("devices"))
        .isEqualTo(2);

    // A bulk job is about the same, and says so if they are others by then.
    JsonObject query = new JsonObject().put("query", new JsonObject().put("q", "seen<3h"));
    JsonObject preview = service.post("/bulk/preview", query).body();
    assertThat(preview.getJsonArray("sample")).containsExactly("acme-seen1", "acme-seen2");
    listener.changed(new DeviceId("acme-seen3"), "3", Instant.now());
    await().until(() -> ids("/devices?is=online").size() == 2);
    JsonObject order = query
        .copy()
        .put("digest", preview.getString("digest"))
        .put("set", new JsonObject().put("site", "x"));
    assertThat(service.post("/bulk/tags", order).status()).isEqualTo(409);
    assertThat(refusal("/devices?q=seen%3C1x")).contains("seen: \"<1x\" (expected: < or >");
    assertThat(refusal("/devices?cert.expires=30d")).contains("cert.expires: \"30d\" (expected");
  }

  private static String refusal(String path) {
    RunningService.Answer answer = service.get(path);
    assertThat(answer.status()).isEqualTo(400);
    return answer.body().getString("detail");
  }

  @Test
  void bulkOrder_ofTooManyDevices_isRefused() {
    List<String> ids = IntStream.rangeClosed(1, 10_001).mapToObj(i -> "d" + i).toList();
    JsonObject order =
        new JsonObject().put("ids", new JsonArray(ids)).put("digest", "a".repeat(12));
    for (String path : List.of("/bulk/preview", "/bulk/retire")) {
      RunningService.Answer answer = service.post(path, order);
      assertThat(answer.status()).as(path).isEqualTo(400);
      assertThat(answer.body().getString("detail")).contains("10001 (expected: at most 10000");
    }
  }

  @Test
  void tooManyTags_areRefusedWhole() {
    service.idevid("MANY");
    service.enrolled("MANY", "many");
    JsonObject tags = new JsonObject();
    for (int i = 0; i < 33; i++) {
      tags.put("t" + i, "x");
    }
    assertThat(service
            .post("/devices/acme-many/tags", new JsonObject().put("set", tags))
            .status())
        .isEqualTo(400);
    assertThat(service.get("/devices/acme-many").body().getJsonObject("tags")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"set\":{\"Site\":\"x\"}}",
        "{\"set\":{\"site\":\"\"}}",
        "{\"set\":{\"site\":\" x\"}}",
        "{\"set\":{\"site\":\"a\\nb\"}}",
        "{\"set\":{\"site\":\"\\u212A\"}}",
        "{\"set\":{\"site\":7}}",
        "{\"set\":[]}",
        "{\"remove\":[7]}",
        "{\"remove\":\"site\"}"
      })
  void unfitTags_areRefused(String body) {
    assertThat(service.post("/devices/acme-any/tags", new JsonObject(body)).status())
        .isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fleet=A", "status=odd", "tag==x", "tag=S=x", "group=%20", "limit=x"})
  void unfitFilters_areRefused(String query) {
    assertThat(service.get("/devices?" + query).status()).isEqualTo(400);
  }

  @Test
  void history_tellsAllOfADevice_inPages() {
    service.idevid("PAST");
    service.enrolled("PAST", "past1");
    service.post(
        "/devices/acme-past/tags", new JsonObject().put("set", new JsonObject().put("site", "x")));
    service.post(
        "/devices/acme-past/tags", new JsonObject().put("set", new JsonObject().put("site", "y")));
    service.post(
        "/devices/acme-past/groups", new JsonObject().put("add", new JsonArray().add("g")));
    service.post("/devices/acme-past/transfer", new JsonObject().put("to", "north"));
    service.csr("past2", "/");
    assertThat(service.enroll("simpleenroll", "PAST", "past2").status()).isEqualTo(200);
    service.post("/devices/acme-past/retire", new JsonObject());

    JsonObject all = service.get("/devices/acme-past/history").body();
    assertThat(all.getJsonArray("certificates")).hasSize(2);
    assertThat(all.getJsonObject("device").getString("status")).isEqualTo("retired");
    assertThat(all.getJsonArray("events").encode())
        .contains("\"before\":\"\",\"removed\":\"\",\"set\":\"site=x\"")
        .contains("\"before\":\"site=x\",\"removed\":\"\",\"set\":\"site=y\"")
        .contains("\"before\":\"active\",\"revoked\":\"1\"");
    assertThat(actions(all))
        .containsSubsequence("device.tagged", "device.transferred", "device.retired");

    JsonObject first = service.get("/devices/acme-past/history?limit=1").body();
    assertThat(first.getJsonArray("events")).hasSize(1);
    JsonObject second = service
        .get("/devices/acme-past/history?limit=1&after=" + first.getString("next"))
        .body();
    assertThat(actions(second)).containsExactly(actions(all).get(1));
    assertThat(second.containsKey("certificates")).isFalse();
    assertThat(service.get("/devices/nobody/history").status()).isEqualTo(404);
    assertThat(service.get("/devices/acme-past/history?after=x").status()).isEqualTo(400);
  }

  private static List<String> actions(JsonObject history) {
    return history.getJsonArray("events").stream()
        .map(event -> ((JsonObject) event).getString("action"))
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "acme-X",
        "%C4%B0",
        "acme%2D%EF%BC%A1",
        "a%00b",
        "a%2Fb",
        "..%2Fx",
        "acme-\u0430",
        "-x",
        "a%E2%80%AEb",
        "a%20b"
      })
  void oddIds_areNobodys(String id) {
    String path = "/devices/" + id;
    assertThat(service.get(path).status()).isEqualTo(404);
    assertThat(service.get(path + "/history").status()).isEqualTo(404);
    assertThat(service.post(path + "/tags", new JsonObject()).status()).isEqualTo(404);
    assertThat(service.post(path + "/retire", new JsonObject()).status()).isEqualTo(404);
  }
}
