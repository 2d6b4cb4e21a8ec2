/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;

/** What strangers put into Authorization. */
class BasicCredentialsFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void parse_anyHeader_isATokenOrRefusedWithoutShowingIt(byte[] bytes) {
    String header = new String(bytes, StandardCharsets.ISO_8859_1);
    try {
      assertThat(BasicCredentials.parse(header)).isPresent();
    } catch (IllegalArgumentException documented) {
      assertThat(documented.getMessage()).contains("expected");
    }
  }
}
