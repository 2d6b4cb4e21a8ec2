/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.example;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The example of the README is a class that compiles. */
class ReadmeTest {
  private static final int MAX_LINES = 20;

  @Test
  void readme_example_isTheBodyOfQuickstart() throws IOException {
    Path module = Path.of("").toAbsolutePath();
    String source =
        Files.readString(module.resolve("src/test/java/dev/muster/device/example/Quickstart.java"));
    String readme = Files.readString(module.resolve("README.md"));
    Matcher block = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(readme);

    assertThat(block.find()).isTrue();
    assertThat(block.group(1)).isEqualTo(bodyOf(source));
    assertThat(block.group(1).lines()).hasSizeLessThanOrEqualTo(MAX_LINES);
  }

  /** What stands between the first line of {@code main} and its end, four columns to the left. */
  private static String bodyOf(String source) {
    int begin = source.indexOf("{\n", source.indexOf("void main")) + 2;
    int end = source.lastIndexOf("\n  }\n}");
    return source
        .substring(begin, end)
        .lines()
        .map(line -> line.substring(4))
        .reduce("", (all, line) -> all + line + "\n");
  }
}
