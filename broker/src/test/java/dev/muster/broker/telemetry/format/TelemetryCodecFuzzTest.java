/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.format;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.api.FuzzedDataProvider;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.time.Instant;

/** Payloads as devices send them, and worse. */
class TelemetryCodecFuzzTest {
  private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");

  @FuzzTest(maxDuration = "1m")
  void decode_anyBytes_readsThemOrSaysWhyNot(FuzzedDataProvider data) {
    String contentType = data.pickValue(new String[] {
      null, "application/senml+json", "application/senml+cbor", "application/cbor", "text/plain"
    });
    Reading reading = TelemetryCodec.decode(data.consumeRemainingAsBytes(), contentType, NOW);
    if (reading instanceof Reading.Unreadable unreadable) {
      // A parser's exception that nobody has foreseen is caught, but it is a finding.
      assertThat(unreadable.reason()).isNotBlank().doesNotStartWith("payload: cannot be read");
    } else {
      assertThat(((Reading.Readable) reading).measurements())
          .isNotEmpty()
          .hasSizeLessThanOrEqualTo(2 * TelemetryCodec.MAX_MEASUREMENTS);
    }
  }
}
