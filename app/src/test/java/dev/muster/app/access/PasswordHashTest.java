/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PasswordHashTest {
  @Test
  void password_ofItsHash_matchesAndNoOther() {
    String hash = PasswordHash.of("grüße aus Köln");
    assertThat(hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$").doesNotContain("Köln");
    assertThat(PasswordHash.matches("grüße aus Köln", hash)).isTrue();
    assertThat(PasswordHash.matches("grüße aus Kölm", hash)).isFalse();
  }

  /** From the tests of the reference implementation of Argon2. */
  @Test
  void hash_ofAnotherImplementationAndCost_matches() {
    String reference =
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ" + "$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
    assertThat(PasswordHash.matches("password", reference)).isTrue();
  }

  @Test
  void hash_ofAnotherForm_isRefused() {
    assertThatThrownBy(() -> PasswordHash.matches("x", "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Argon2id");
  }

  @Test
  void hash_ofTheSamePassword_differs() {
    assertThat(PasswordHash.of("once more, please"))
        .isNotEqualTo(PasswordHash.of("once more, please"));
  }
}
