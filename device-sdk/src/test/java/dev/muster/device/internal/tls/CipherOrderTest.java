/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CipherOrderTest {
  @TempDir
  Path folder;

  @Test
  void chaChaFirst_suites_othersKeepTheirOrder() {
    assertThat(CipherOrder.chaChaFirst(
            new String[] {"AES_256", "AES_128", "CHACHA20", "ECDHE_AES", "ECDHE_CHACHA20"}))
        .containsExactly("CHACHA20", "ECDHE_CHACHA20", "AES_256", "AES_128", "ECDHE_AES");
  }

  @Test
  void hasAes_processors_tellsThemApart() throws IOException {
    assertThat(CipherOrder.hasAes(cpu("Features\t: fp asimd evtstrm crc32 cpuid")))
        .isFalse();
    assertThat(CipherOrder.hasAes(cpu("Features\t: fp asimd aes pmull sha1"))).isTrue();
    assertThat(CipherOrder.hasAes(cpu("flags\t\t: fpu ssse3 vaes aes"))).isTrue();
    assertThat(CipherOrder.hasAes(cpu("flags\t\t: fpu ssse3 vaes"))).isFalse();
    assertThat(CipherOrder.hasAes(folder.resolve("absent"))).isTrue();
  }

  private Path cpu(String line) throws IOException {
    return Files.writeString(folder.resolve("cpuinfo"), "processor\t: 0\n" + line + "\n");
  }
}
