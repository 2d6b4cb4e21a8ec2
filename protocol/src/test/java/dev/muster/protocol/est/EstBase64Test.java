/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EstBase64Test {
  private static final byte[] DER = {0x30, 0x03, 0x02, 0x01, 0x05};

  @Test
  void encode_isOneLine() {
    assertThat(new String(EstBase64.encode(new byte[300]), StandardCharsets.US_ASCII))
        .doesNotContain("\n", "\r");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MAMCAQU=", "MAMC\nAQU=\n", "MAMC\r\nAQU=\r\n", " MA\tMC AQ U="})
  void decode_whiteSpaceAnywhere_isTolerated(String body) {
    assertThat(EstBase64.decode(body.getBytes(StandardCharsets.US_ASCII))).isEqualTo(DER);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " \r\n",
        "-----BEGIN CERTIFICATE REQUEST-----",
        "MAMC*AQU=",
        "MAMCAQ-_",
        "0\u0003\u0002"
      })
  void decode_anythingElse_isRefused(String body) {
    assertThatThrownBy(() -> EstBase64.decode(body.getBytes(StandardCharsets.ISO_8859_1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("body: ");
  }
}
