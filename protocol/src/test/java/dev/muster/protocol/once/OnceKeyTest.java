/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.once;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class OnceKeyTest {
  private static final String TEXT = "8e03978e-40d5-43dd-bc93-6894a57f9324";
  private static final byte[] ANSWER = "a secret".getBytes(StandardCharsets.UTF_8);

  @Test
  void key_isTheSame_quotedOrNot_andAnotherInAnotherScope() {
    OnceKey key = OnceKey.of(TEXT, "operator:ada POST /claims");
    assertThat(key.id())
        .matches("[0-9a-f]{64}")
        .isEqualTo(OnceKey.of('"' + TEXT + '"', "operator:ada POST /claims").id())
        .isNotEqualTo(OnceKey.of(TEXT, "operator:bob POST /claims").id());
    assertThat(key.digest(ANSWER))
        .isEqualTo(key.digest(ANSWER.clone()))
        .isNotEqualTo(key.digest(new byte[0]))
        .isNotEqualTo(key.id());
  }

  @Test
  void answer_sealed_isReadByTheSameKeyAlone() {
    OnceKey key = OnceKey.of(TEXT, "x");
    byte[] sealed = key.seal(ANSWER);
    assertThat(new String(sealed, StandardCharsets.ISO_8859_1)).doesNotContain("secret");
    assertThat(key.open(sealed)).isEqualTo(ANSWER);
    assertThat(key.seal(ANSWER)).isNotEqualTo(sealed);
    assertThatThrownBy(() -> OnceKey.of(TEXT, "y").open(sealed))
        .isInstanceOf(IllegalArgumentException.class);
    sealed[sealed.length - 1] ^= 1;
    assertThatThrownBy(() -> key.open(sealed)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void key_thatIsShortOrOdd_isRefused() {
    for (String bad :
        List.of("", "1", "\"", "short-one", "with a space in it ..", "x".repeat(201))) {
      assertThatThrownBy(() -> OnceKey.of(bad, "x"))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("Idempotency-Key");
    }
    assertThat(OnceKey.of(TEXT, "x")).hasToString("OnceKey[hidden]");
  }
}
