/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.desk.ClaimToken;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BasicCredentialsTest {
  private static String basic(String userAndPassword) {
    return "Basic "
        + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void parse_basic_isThePasswordWhateverTheName() {
    ClaimToken expected = ClaimToken.of("s3:cret");
    for (String name : new String[] {"", "device", "\u00fc"}) {
      assertThat(BasicCredentials.parse(basic(name + ":s3:cret")).orElseThrow().hash())
          .isEqualTo(expected.hash());
    }
    assertThat(BasicCredentials.parse("bASIC " + basic(":s3:cret").substring(6)))
        .isPresent();
    assertThat(BasicCredentials.parse(null)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Basic",
        "Basic ",
        "Basic !!",
        "Bearer abc",
        "Digest username=\"x\"",
        "Basic eA=="
      })
  void parse_otherThanBasic_isRefusedWithoutShowingIt(String header) {
    assertThatThrownBy(() -> BasicCredentials.parse(header))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected: Basic");
  }

  @Test
  void parse_emptyOrHugePassword_isRefused() {
    assertThatThrownBy(() -> BasicCredentials.parse(basic("x:")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> BasicCredentials.parse(basic("x:" + "y".repeat(5000))))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void token_isShownByRevealAlone() {
    ClaimToken token = ClaimToken.of("secret");
    assertThat(token.toString()).doesNotContain("secret");
    assertThat(token.reveal()).isEqualTo("secret");
  }
}
