/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CrlNoticeTest {
  @Test
  void notice_isReadAsWritten() {
    CrlNotice notice = new CrlNotice(new BigInteger("1764082800"));
    assertThat(CrlNotice.parse(notice.encoded())).contains(notice);
    assertThat(new String(notice.encoded(), StandardCharsets.US_ASCII))
        .isEqualTo("{\"crlNumber\":\"1764082800\"}");
  }

  @Test
  void otherPayload_isNoNotice() {
    for (String text : new String[] {
      "",
      "{}",
      "0",
      "{\"crlNumber\":17}",
      "{\"crlNumber\":\"-1\"}",
      "{\"crlNumber\":\"1\",\"x\":1}",
      "{\"crlNumber\":\"" + "1".repeat(49) + "\"}",
      "{" + " ".repeat(300) + "\"crlNumber\":\"1\"}"
    }) {
      assertThat(CrlNotice.parse(text.getBytes(StandardCharsets.US_ASCII)))
          .as(text)
          .isEmpty();
    }
  }
}
