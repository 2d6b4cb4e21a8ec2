/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/hardware.md shows is what was compiled. */
class HardwarePageTest {
  private static final Pattern BLOCK = Pattern.compile("(?ms)^```java\n(.*?)^```$");

  @TempDir
  Path folder;

  @Test
  void page_javaBlock_isTheExample() throws IOException {
    Path root = Path.of(System.getProperty("muster.root"));
    Matcher block = BLOCK.matcher(Files.readString(root.resolve("docs/hardware.md")));

    assertThat(block.find()).isTrue();
    assertThat(Files.readString(
            root.resolve("hardware/src/test/java/dev/muster/hardware/example/TpmDevice.java")))
        .contains(block.group(1));
  }

  @Test
  void example_withoutATpm_saysSo() throws IOException {
    org.junit.jupiter.api.Assumptions.assumeFalse(Files.exists(Path.of("/dev/tpmrm0")));
    Files.writeString(
        folder.resolve("root.pem"), TestPki.pem(List.of(TestPki.root("CN=R").certificate())));

    assertThatThrownBy(() -> TpmDevice.build(folder))
        .isInstanceOf(dev.muster.device.key.KeyUnavailableException.class)
        .hasMessageStartingWith("tpm:/dev/tpmrm0: ");
  }
}
