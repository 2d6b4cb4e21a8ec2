/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  private static String layer() throws IOException {
    return Files.readString(HARDWARE.resolve("image/layer/muster-device.yaml"));
  }

  @Test
  void layer_knowsTheVariablesThatItDeclares() throws IOException {
    assertThat(matches("IGconf_muster_(\\w+)", layer()))
        .hasSize(4)
        .hasSameElementsAs(matches("(?m)^# X-Env-Var-(\\w+):", layer()));
  }

  /** What it insists on is set, nothing else, and by the layer's own name; the page knows all. */
  @Test
  void config_andPage_keepToTheLayer() throws IOException {
    String config = Files.readString(HARDWARE.resolve("image/config/muster-device.yaml"));

    assertThat(matches("(?m)^  app: (.*)$", config))
        .isEqualTo(matches("(?m)^# X-Env-Layer-Name: (.*)$", layer()));
    assertThat(matches("(?m)^  (\\w+):", config.substring(config.indexOf("\nmuster:"))))
        .hasSize(3)
        .isEqualTo(matches("(?m)^# X-Env-Var-(\\w+)-Required: y$", layer()));
    assertThat(matches(
            "(?m)^\\| `muster\\.(\\w+)` ", Files.readString(HARDWARE.resolve("image/README.md"))))
        .hasSameElementsAs(matches("(?m)^# X-Env-Var-(\\w+):", layer()));
  }

  /** The hook installs the package with dpkg, which fetches nothing that is missing. */
  @Test
  void layer_bringsWhatThePackageDependsOn() throws IOException {
    List<String> brought = matches("(?m)^    - ([a-z0-9-]+)$", layer());
    String depends = matches(
            "(?m)^Depends: (.*)$", Files.readString(HARDWARE.resolve("debian/control/control")))
        .get(0);

    assertThat(Stream.of(depends.split(", ")).map(one -> one.replaceFirst("[ |].*", "")))
        .hasSize(3)
        .hasSameElementsAs(brought);
  }

  @Test
  void layer_overlays_areThoseOfTheBoards() throws IOException {
    List<String> overlays =
        List.of(matches("(?m)^# X-Env-Var-tpm_overlay-Valid: keywords:(.*)$", layer())
            .get(0)
            .split(","));

    assertThat(overlays)
        .hasSize(2)
        .containsAll(matches("(?m)^# X-Env-Var-tpm_overlay: (.*)$", layer()))
        .allSatisfy(overlay ->
            assertThat(HARDWARE.resolve("boards/README.md")).content().contains(overlay));
  }

  /** No image is built here: what would be done to one is done to a folder. */
  @Test
  void layer_hooks_makeOfAFolderWhatTheImageIsToBe(@TempDir Path folder) throws Exception {
    Path image = folder.resolve("image");
    Path settings = Files.createDirectories(image.resolve("etc/muster-device"));
    Files.createDirectories(image.resolve("etc/systemd/system"));
    Path tmp = Files.createDirectories(image.resolve("tmp"));
    Path boot = Files.createDirectories(image.resolve("boot/firmware")).resolve("config.txt");
    Files.writeString(boot, "arm_64bit=1\n");
    Path given = Files.writeString(folder.resolve("given"), "as given");
    Path commands = Files.createDirectory(folder.resolve("bin"));
    Path chroot = commands.resolve("chroot");
    Files.writeString(chroot, "#!/bin/sh\necho \"$@\" > '" + folder.resolve("called") + "'\n");
    Files.setPosixFilePermissions(chroot, PosixFilePermissions.fromString("rwx------"));

    List<String> hooks = matches("(?m)^    - \\|-\n((?:      .*\n)+)", layer());
    assertThat(hooks).hasSize(4);
    for (String hook : hooks) {
      PeerProgram.require("env")
          .run(
              folder,
              "PATH=" + commands + ":" + System.getenv("PATH"),
              "IGconf_muster_deb=" + given,
              "IGconf_muster_settings=" + given,
              "IGconf_muster_root=" + given,
              "IGconf_muster_tpm_overlay=tpm-slb9670",
              "sh",
              "-c",
              hook,
              "sh",
              image.toString())
          .expectSuccess();
    }

    assertThat(folder.resolve("called"))
        .hasContent(image + " dpkg --install /tmp/muster-device.deb");
    assertThat(tmp).isEmptyDirectory();
    assertThat(settings.resolve("device.properties")).hasContent("as given");
    assertThat(settings.resolve("root.pem")).hasContent("as given");
    assertThat(boot).hasContent("arm_64bit=1\n\n[all]\ndtparam=spi=on\ndtoverlay=tpm-slb9670\n");
    assertThat(image.resolve("etc/systemd/system/muster-device.service.d/idevid.conf"))
        .hasContent("[Unit]\nConditionPathExists=/etc/muster-device/chain.pem\n");
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern)
        .matcher(text)
        .results()
        .map(one -> one.group(1))
        .toList();
  }
}
