/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.openapi.OpenApi;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RouteTableTest {
  private static final Path ROOT = Path.of(System.getProperty("muster.root"));
  private static final Pattern MOUNTED = Pattern.compile(
      "\\b(?:router|api|api\\(\\))\\s*\\.(get|post|put|patch|delete)\\(\"(/[^\"]+)\"\\)");

  /** What the sources mount; whether all of it is let through, is tried where a server runs. */
  private static Set<String> mounted() throws IOException {
    Set<String> mounted = new TreeSet<>();
    for (String module : new String[] {"enrollment-service", "broker", "app"}) {
      try (Stream<Path> files = Files.walk(ROOT.resolve(module + "/src/main/java"))) {
        for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
          MOUNTED
              .matcher(Files.readString(file))
              .results()
              .filter(match -> !file.toString().contains("publicweb"))
              .forEach(match ->
                  mounted.add(match.group(1).toUpperCase(Locale.ROOT) + " " + match.group(2)));
        }
      }
    }
    return mounted;
  }

  @Test
  void table_namesEveryRouteAndNothingElse() throws IOException {
    assertThat(RouteTable.ENTRIES)
        .extracting(entry -> entry.method() + " " + entry.path())
        .doesNotHaveDuplicates()
        .containsExactlyInAnyOrderElementsOf(mounted());
  }

  /** Both ways: the document promises nothing that is closed, and keeps nothing back. */
  @Test
  void document_describesEveryRouteForTheRolesThatMayAsk() {
    Map<String, Object> described = new TreeMap<>();
    OpenApi.load()
        .document()
        .getJsonObject("paths")
        .forEach(path -> ((JsonObject) path.getValue())
            .forEach(method -> described.put(
                method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey(),
                roles((JsonObject) method.getValue()))));
    Map<String, Object> table = new TreeMap<>();
    RouteTable.ENTRIES.forEach(entry -> table.put(
        entry.method() + " " + entry.path().replaceAll(":(\\w+)", "{$1}"),
        entry
            .least()
            .map(least -> Stream.of(Role.values())
                .filter(role -> role.includes(least))
                .map(Role::label)
                .toList())
            .orElse(List.of("anyone"))));
    assertThat(described).isEqualTo(table);
  }

  private static Object roles(JsonObject operation) {
    return new JsonArray().equals(operation.getJsonArray("security"))
        ? List.of("anyone")
        : operation.getJsonArray("x-roles").getList();
  }

  /** Nothing that is about all fleets is shown or changed by who is limited to some. */
  @Test
  void table_saysOfEveryRouteHowItIsLimitedToFleets() {
    assertThat(RouteTable.ENTRIES).allSatisfy(entry -> {
      boolean named = entry.path().matches("/(devices/:id|sessions/:client|refusals/:name).*");
      assertThat(entry.limit() == Limit.DEVICE).as(entry.path()).isEqualTo(named);
      if (entry.limit() == Limit.OWN && !entry.method().equals(HttpMethod.GET)) {
        assertThat(entry.path()).startsWith("/access/");
      }
    });
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.limit() == Limit.OWN && !entry.path().startsWith("/access/"))
        .extracting(RouteTable.Entry::path)
        .containsExactly("/openapi.json", "/health", "/authorities");
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.limit() == Limit.ALL)
        .extracting(RouteTable.Entry::path)
        .containsAll(List.of("/audit", "/policy", "/access/operators", "/certificates/renew-now"));
  }

  @Test
  void table_letsStrangersDoNothingButSignIn() {
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.least().isEmpty())
        .extracting(RouteTable.Entry::path)
        .containsExactly("/access/session", "/access/ways", "/access/setup");
  }

  @Test
  void table_letsViewersChangeNothingButWhatIsTheirs() {
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.least().equals(Optional.of(Role.VIEWER)))
        .filteredOn(entry -> !entry.method().name().equals("GET"))
        .allSatisfy(entry -> assertThat(entry.path()).startsWith("/access/"));
  }
}
