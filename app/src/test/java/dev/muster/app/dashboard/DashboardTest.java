/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.dashboard;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
