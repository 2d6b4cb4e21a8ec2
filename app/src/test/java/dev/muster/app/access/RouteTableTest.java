/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
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

  @Test
  void table_letsStrangersDoNothingButSignIn() {
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.least().isEmpty())
        .extracting(RouteTable.Entry::path)
        .containsExactly("/access/session", "/access/setup");
  }

  @Test
  void table_letsViewersChangeNothingButWhatIsTheirs() {
    assertThat(RouteTable.ENTRIES)
        .filteredOn(entry -> entry.least().equals(Optional.of(Role.VIEWER)))
        .filteredOn(entry -> !entry.method().name().equals("GET"))
        .allSatisfy(entry -> assertThat(entry.path()).startsWith("/access/"));
  }
}
