/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The README is a promise: what it shows and what it links to is there. */
class ReadmeTest {
  private static final Path ROOT = Path.of(System.getProperty("muster.root"));

  private static String read(String file) throws IOException {
    return Files.readString(ROOT.resolve(file));
  }

  @Test
  void example_isTheOneThatTheSdkCompiles() throws IOException {
    Pattern block = Pattern.compile("(?ms)^```java$.*?^```$");
    String shown = block
        .matcher(read("README.md"))
        .results()
        .map(MatchResult::group)
        .findFirst()
        .orElseThrow();
    assertThat(read("device-sdk/README.md")).contains(shown);
  }

  @Test
  void links_leadSomewhere() throws IOException {
    Pattern link = Pattern.compile("\\]\\((?!https?:)([^)#]+)");
    Stream<String> targets = link.matcher(read("README.md")).results().map(match -> match.group(1));
    assertThat(targets)
        .isNotEmpty()
        .allSatisfy(target -> assertThat(ROOT.resolve(target)).exists());
  }
}
