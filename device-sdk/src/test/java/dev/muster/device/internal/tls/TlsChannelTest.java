/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TlsChannelTest {
  @ParameterizedTest
  @CsvSource({"1, PT20S", "2, PT6.666S", "4, PT4S"})
  void limit_ofConnecting_isSharedByAddresses(int addresses, Duration share) {
    assertThat(TlsChannel.shareOf(Duration.ofSeconds(20), addresses).toMillis())
        .isEqualTo(share.toMillis());
  }
}
