/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.once;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IfMatchTest {
  @Test
  void absentOrStar_admitsAnything() {
    assertThat(IfMatch.of(List.of()).admits("\"7\"")).isTrue();
    assertThat(IfMatch.of(List.of(" * ")).isAnything()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"\"7\"", "\"1\", \"7\"", "W/\"9\",\"7\" ,\"8\"", "\"a,b\",\"7\"", ",\"7\""})
  void list_withTheTag_admitsIt(String header) {
    assertThat(IfMatch.of(List.of(header)).admits("\"7\"")).isTrue();
    assertThat(IfMatch.of(List.of("\"1\"", header)).admits("\"7\"")).isTrue();
    assertThat(IfMatch.of(List.of(header)).admits("\"6\"")).isFalse();
  }

  @Test
  void weakTag_neverMatches() {
    assertThat(IfMatch.of(List.of("W/\"7\"")).admits("\"7\"")).isFalse();
    assertThat(IfMatch.of(List.of("W/\"7\"")).admits("W/\"7\"")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "7", "\"7", "\"7\" \"8\"", "*, \"7\"", "w/\"7\"", "\"7\"x"})
  void whatIsNoTag_isRefused(String header) {
    assertThatThrownBy(() -> IfMatch.of(List.of(header)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("If-Match: ");
  }
}
