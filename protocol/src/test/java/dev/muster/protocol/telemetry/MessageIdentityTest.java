/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MessageIdentityTest {
  @Test
  void parse_wellFormed_isRead() {
    assertThat(MessageIdentity.parse("b00t", "42")).isEqualTo(new MessageIdentity("b00t", 42));
  }

  @ParameterizedTest
  @CsvSource({
    "'',1",
    "b_t,1",
    "b,0",
    "b,-1",
    "b,+1",
    "b,01",
    "b,1.0",
    "b,9999999999999999999",
    "b,''",
    "b,' 1'"
  })
  void parse_anythingElse_isRefusedByName(String boot, String sequence) {
    assertThatThrownBy(() -> MessageIdentity.parse(boot, sequence))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("muster-");
  }
}
