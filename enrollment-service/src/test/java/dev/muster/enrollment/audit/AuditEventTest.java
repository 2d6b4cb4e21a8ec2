/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AuditEventTest {
  private static String kept(String value) {
    return AuditEvent.of(Actor.SYSTEM, "twin.changed", "device:pump-1")
        .with("before", value)
        .with("more", "x")
        .details()
        .get("before");
  }

  @Test
  void value_thatIsLong_isKeptByItsBeginning_andToldFromAnotherThatBeginsSo() {
    String most = "x".repeat(300);
    assertThat(kept(most)).isEqualTo(most);
    assertThat(kept(most + "1"))
        .hasSizeLessThanOrEqualTo(300)
        .startsWith("x".repeat(150))
        .contains("… (301 characters, SHA-256 " + AuditChain.hash(most + "1") + ")")
        .isNotEqualTo(kept(most + "2"));
  }

  @Test
  void actor_whoseNameIsLong_isKeptByItsBeginning_asAValueIs() {
    String name = "stranger:CN=" + "x".repeat(20_000);
    assertThat(new Actor(name, "local").name())
        .isEqualTo(kept(name))
        .startsWith("stranger:CN=xxx")
        .hasSizeLessThanOrEqualTo(300);
  }

  @Test
  void object_withACharacterThatPostgresDoesNotTake_hasAnotherInItsPlace() {
    assertThat(AuditEvent.of(Actor.SYSTEM, "thing.done", "device:\0").object())
        .isEqualTo("device:\uFFFD");
  }

  @Test
  void value_isNotCutWithinACharacter() {
    for (String begin : new String[] {"", "x"}) {
      String kept = kept(begin + "\uD83D\uDD11".repeat(300));
      assertThat(kept.substring(0, kept.indexOf('…'))).startsWith(begin).endsWith("\uD83D\uDD11");
    }
  }
}
