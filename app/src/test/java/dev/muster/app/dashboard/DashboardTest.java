/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class DashboardTest {
  private static final Path FOLDER = Path.of(System.getProperty("muster.root"))
      .resolve("app/src/main/resources/dev/muster/app/dashboard");

  @Test
  void files_areAllServed() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .contains("index.html")
          .filteredOn(name -> !name.equals("index.html"))
          .containsExactlyInAnyOrderElementsOf(Dashboard.FILES);
    }
  }

  @Test
  void firstLoad_isSmall() {
    assertThat(Dashboard.load().bytesOfFirstLoad()).isLessThan(100_000);
  }

  @Test
  void scripts_importNothingThatIsNotServed() throws IOException {
    Dashboard.load();
    Pattern imported = Pattern.compile("from '([^']+)'|import\\('([^']+)'\\)");
    for (String name : Dashboard.FILES) {
      assertThat(imported.matcher(Files.readString(FOLDER.resolve(name))).results())
          .as(name)
          .allSatisfy(match -> assertThat(match.group(1) != null ? match.group(1) : match.group(2))
              .startsWith("."));
    }
  }

  @Test
  void directives_areAllUsed() throws IOException {
    StringBuilder scripts = new StringBuilder();
    for (String name : Dashboard.FILES) {
      scripts.append(Files.readString(FOLDER.resolve(name)));
    }
    assertThat(Dashboard.LIT)
        .filteredOn(name -> name.startsWith("directives/"))
        .isNotEmpty()
        .allSatisfy(name -> assertThat(scripts).contains("'../lib/lit-html/" + name + "'"));
  }

  /** Where nothing is, the page says how there would be something. */
  @Test
  void emptyPlaces_sayTheNextStep() throws IOException {
    Pattern nothingThere = Pattern.compile("(?<![\\w.])empty\\(");
    int places = 0;
    for (String name : Dashboard.FILES) {
      String script = Files.readString(FOLDER.resolve(name));
      for (MatchResult call : nothingThere.matcher(script).results().toList()) {
        places++;
        assertThat(arguments(script, call.end()))
            .as("%s: empty(%s…", name, script.substring(call.end(), call.end() + 40))
            .isEqualTo(2);
      }
    }
    assertThat(places).isGreaterThan(10);
  }

  /** How many arguments a call has whose first begins there. */
  private static int arguments(String script, int from) {
    int depth = 0;
    int commas = 0;
    for (int at = from; ; at++) {
      char sign = script.charAt(at);
      if ("'`".indexOf(sign) >= 0) {
        at = endOfText(script, at);
      } else if ("([{".indexOf(sign) >= 0) {
        depth++;
      } else if (sign == ',' && depth == 0) {
        commas++;
      } else if (")]}".indexOf(sign) >= 0 && depth-- == 0) {
        return commas + 1;
      }
    }
  }

  /** Texts within the parts of a text that are computed have other quotes than that around them. */
  private static int endOfText(String script, int begin) {
    int at = begin + 1;
    while (script.charAt(at) != script.charAt(begin)) {
      at += script.charAt(at) == '\\' ? 2 : 1;
    }
    return at;
  }

  /**
   * Inline scripts and styles would be refused by the content policy; and nothing else may draw.
   */
  @Test
  void files_haveNothingInlineAndNothingFromElsewhere() throws IOException {
    for (String name : Dashboard.FILES) {
      assertThat(Files.readString(FOLDER.resolve(name)).replace("http://www.w3.org/2000/svg", ""))
          .as(name)
          .doesNotContain("style=\"", "innerHTML", "unsafeHTML", "onclick=", "http://", "https://");
    }
    assertThat(Files.readString(FOLDER.resolve("index.html"))).doesNotContain("<style", "//");
  }
}
