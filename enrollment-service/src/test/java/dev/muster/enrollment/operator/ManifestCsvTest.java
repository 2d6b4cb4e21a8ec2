/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestCsvTest {
  @Test
  void soundLines_areRead() {
    ManifestCsv manifest = ManifestCsv.parse("serial,tags\nA.b_c-1,\"x, \"\"y\"\"\"\r\n2\n");
    assertThat(manifest.problems()).isEmpty();
    assertThat(manifest.lines()).hasSize(2);
    assertThat(manifest.lines().get(0).entry().tags()).isEqualTo("x, \"y\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-1", ".x", "a b", "a/b", "\u212A1", "\"A1", "A1,\"t", "A1,t\u0000", "A\t1"})
  void unfitLine_isAnErrorOfItsRow(String line) {
    ManifestCsv manifest = ManifestCsv.parse("serial,tags\n" + line + "\nGOOD\n");
    assertThat(manifest.lines()).hasSize(1);
    assertThat(manifest.problems()).extracting(ManifestCsv.Problem::row).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"serial,serial", "serial,tags,tags", "serial\u0007", "\"serial"})
  void unfitHeader_isRefused(String header) {
    assertThatThrownBy(() -> ManifestCsv.parse(header + "\nA1\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("manifest: header");
  }
}
