/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.w3c.dom.Element;

/** The pages and drawings under {@code hardware}. */
class BoardPagesTest {
  private static final Path HARDWARE = Path.of(System.getProperty("muster.root"), "hardware");

  /** {@code [text](file#anchor)} and {@code src="file"}, unless they lead to the network. */
  private static final Pattern LINK =
      Pattern.compile("(?:\\]\\(|src=\")(?!https?:)([^)\"#]+)[^)\"]*[)\"]");

  private static List<Path> files(String suffix) throws IOException {
    try (Stream<Path> boards = Files.walk(HARDWARE.resolve("boards"));
        Stream<Path> image = Files.walk(HARDWARE.resolve("image"))) {
      return Stream.concat(boards, image)
          .filter(file -> file.toString().endsWith(suffix))
          .toList();
    }
  }

  static List<Path> pages() throws IOException {
    return files(".md");
  }

  static List<Path> drawings() throws IOException {
    return files(".svg");
  }

  @ParameterizedTest
  @MethodSource("pages")
  void page_linksToFilesThatAreThere(Path page) throws IOException {
    assertThat(LINK.matcher(Files.readString(page)).results().map(link -> link.group(1)))
        .isNotEmpty()
        .allSatisfy(link -> assertThat(page.resolveSibling(link).normalize()).exists());
  }

  @ParameterizedTest
  @MethodSource("drawings")
  void drawing_isWellFormed_hasATitle_andKnowsDarkness(Path drawing) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
    Element svg = factory.newDocumentBuilder().parse(drawing.toFile()).getDocumentElement();

    assertThat(svg.getTagName()).isEqualTo("svg");
    assertThat(svg.getElementsByTagName("title").getLength()).isPositive();
    assertThat(svg.getElementsByTagName("style").item(0).getTextContent())
        .contains("prefers-color-scheme: dark");
  }

  /** No image is built here, but what would run in one is shell, and knows its variables. */
  @Test
  void layer_hooksAreShell_whoseVariablesAreDeclared() throws Exception {
    String layer = Files.readString(HARDWARE.resolve("image/layer/muster-device.yaml"));
    List<String> hooks = matches("(?m)^    - \\|-\n((?:      .*\n)+)", layer);
    assertThat(hooks).hasSize(4);
    for (String hook : hooks) {
      Process shell = new ProcessBuilder("sh", "-n").redirectErrorStream(true).start();
      try (Writer script = shell.outputWriter()) {
        script.write(hook);
      }
      assertThat(shell.inputReader().lines()).isEmpty();
      assertThat(shell.waitFor()).isZero();
    }
    assertThat(matches("IGconf_muster_(\\w+)", layer))
        .hasSize(4)
        .hasSameElementsAs(matches("(?m)^# X-Env-Var-(\\w+):", layer));
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(one -> one.group(1))
        .toList();
  }
}
