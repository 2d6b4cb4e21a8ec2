/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.est;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.util.Arrays;

/** The body of every EST message. */
class EstBase64FuzzTest {
  @FuzzTest(maxDuration = "1m")
  void decode_anyBody_isDecodedOrThrowsTheDocumentedException(byte[] body) {
    assertThat(EstBase64.decode(EstBase64.encode(withOneMore(body)))).isEqualTo(withOneMore(body));
    try {
      assertThat(EstBase64.decode(body)).hasSizeLessThanOrEqualTo(body.length);
    } catch (IllegalArgumentException documented) {
      assertThat(documented).hasMessageStartingWith("body: ");
    }
  }

  /** An empty body is no message. */
  private static byte[] withOneMore(byte[] body) {
    return Arrays.copyOf(body, body.length + 1);
  }
}
