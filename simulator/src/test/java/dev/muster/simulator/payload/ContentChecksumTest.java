/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class ContentChecksumTest {
  private static final String SENT =
      "[{\"bt\":1795780800.25,\"n\":\"t\",\"u\":\"Cel\",\"v\":21.5}]";

  @Test
  void checksum_ofTheSameContent_isTheSame() {
    assertThat(of("room", SENT)).isEqualTo(of("room", SENT)).isNotEqualTo(ContentChecksum.UNKNOWN);
  }

  @Test
  void checksum_ofAnotherStreamTimeNameUnitOrValue_isAnother() {
    assertThat(of("rooms", SENT)).isNotEqualTo(of("room", SENT));
    for (String other : List.of(
        SENT.replace(".25", ".26"),
        SENT.replace("\"t\"", "\"s\""),
        SENT.replace("Cel", "Far"),
        SENT.replace("21.5", "21.6"),
        SENT.replace("21.5", "-21.5"),
        SENT + " ",
        "")) {
      assertThat(of("room", other)).as(other).isNotEqualTo(of("room", SENT));
    }
  }

  private static int of(String stream, String payload) {
    return ContentChecksum.of(stream, payload.getBytes(StandardCharsets.UTF_8));
  }
}
