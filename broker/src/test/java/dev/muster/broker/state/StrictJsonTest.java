/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StrictJsonTest {
  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @ValueSource(strings = {"1e400000000", "{\"a\":[1,-1e309]}"})
  void numberThatNoDoubleHolds_isRefused(String text) {
    assertThatThrownBy(() -> StrictJson.read("desired", utf8(text)))
        .hasMessageStartingWith("desired: ")
        .hasMessageEndingWith("(expected: numbers that a double can hold)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1.7976931348623157E+308", "12345678901234567890", "1.50"})
  void number_isKeptAsItWasWritten(String text) {
    assertThat(StrictJson.read("desired", utf8(text)).toString()).isEqualTo(text);
  }
}
