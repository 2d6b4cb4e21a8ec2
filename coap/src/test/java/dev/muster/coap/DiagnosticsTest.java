/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class DiagnosticsTest {
  @Test
  void seconds_ofPartsOfASecond_areRoundedUp_andNever0() {
    assertThat(Diagnostics.seconds(Duration.ZERO)).isEqualTo(1);
    assertThat(Diagnostics.seconds(Duration.ofMillis(20))).isEqualTo(1);
    assertThat(Diagnostics.seconds(Duration.ofMillis(1_001))).isEqualTo(2);
    assertThat(Diagnostics.seconds(Duration.ofSeconds(60))).isEqualTo(60);
  }

  @Test
  void text_thatIsLong_fitsADatagram() {
    assertThat(Diagnostics.text("x".repeat(1_000))).hasSize(200).endsWith('.', '.', '.');
  }
}
