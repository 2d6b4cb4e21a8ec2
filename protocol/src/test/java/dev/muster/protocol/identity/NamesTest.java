/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "0",
        "acme-sn-0001",
        "a.b_c-d",
        "a23456789012345678901234567890123456789012345678901234567890123"
      })
  void deviceId_inTheGrammar_isTaken(String value) {
    assertThat(new DeviceId(value)).hasToString(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-a",
        ".a",
        "_a",
        "A",
        "a/b",
        "a+b",
        "#",
        "a b",
        "a\n",
        "ａ",
        "a\u00a0",
        "a\u0000",
        "é",
        "a\u202eb",
        "a,O=b",
        "a234567890123456789012345678901234567890123456789012345678901234"
      })
  void deviceId_outsideTheGrammar_isRefusedByName(String value) {
    assertThatThrownBy(() -> new DeviceId(value))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("device id: \"")
        .hasMessageContaining("expected: 1 to 63 of [a-z0-9._-]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Plant", "a_b", "a.b", "123456789012345678901234567890123", "a/b", "a b"})
  void fleetName_outsideTheGrammar_isRefusedByName(String value) {
    assertThatThrownBy(() -> new FleetName(value)).hasMessageStartingWith("fleet: \"");
  }

  @Test
  void quoted_textThatWouldForgeALogLine_isEscapedAndCut() {
    assertThat(Quoted.of("a\r\nINFO root=yes\u202e\""))
        .isEqualTo("\"a\\u000d\\u000aINFO root=yes\\u202e\\\"\"");
    assertThat(Quoted.of("x".repeat(5_000))).hasSize(80 + 2 + 3);
  }
}
