/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedProxiesTest {
  private static final TrustedProxies PROXIES =
      TrustedProxies.of(List.of("10.0.0.0/9", "192.0.2.1", "2001:db8::/33"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "203.0.113.7 | 198.51.100.1                        | 203.0.113.7",
        "10.128.0.1  | 198.51.100.1                        | 10.128.0.1",
        "10.127.0.1  | 198.51.100.1                        | 198.51.100.1",
        "192.0.2.1   | 1.1.1.1, 198.51.100.1, 10.9.9.9     | 198.51.100.1",
        "192.0.2.1   | 10.0.0.2, 10.0.0.3                  | 10.0.0.2",
        "192.0.2.1   | ''                                  | 192.0.2.1",
        "192.0.2.1   | 198.51.100.1, unknown               | 192.0.2.1",
        "192.0.2.1   | localhost, 10.0.0.3                 | 10.0.0.3",
        "192.0.2.1   | 1.1.1.1,, 10.0.0.3                  | 10.0.0.3",
        "192.0.2.1   | 198.51.100.1:4711                   | 198.51.100.1",
        "192.0.2.1   | [2001:db8:8000::1]:4711             | 2001:db8:8000:0:0:0:0:1",
        "2001:db8::7 | 2001:db9::1                         | 2001:db9:0:0:0:0:0:1",
        "192.0.2.1   | ::ffff:10.0.0.3                     | 10.0.0.3",
        "192.0.2.1   | <script>                            | 192.0.2.1",
      })
  void request_cameFromTheFirstThatIsNoProxy(String peer, String forwardedFor, String from) {
    assertThat(PROXIES.from(peer, List.of(forwardedFor))).isEqualTo(from);
  }

  @Test
  void linesOfTheHeader_areOneList() {
    assertThat(PROXIES.from("10.0.0.1", List.of("1.1.1.1", "198.51.100.1, 10.0.0.2")))
        .isEqualTo("198.51.100.1");
  }

  @Test
  void nobodysWord_isTaken_withoutASetting() {
    assertThat(TrustedProxies.NONE.from("127.0.0.1", List.of("1.1.1.1"))).isEqualTo("127.0.0.1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"proxy.example.com", "10.0.0.0/33", "10.0.0.0/x", "10.0.0.0/", "0.0.0.0/0", "::/0"
      })
  void everybody_andWhatIsNoNetwork_isRefused(String network) {
    assertThatThrownBy(() -> TrustedProxies.of(List.of(network)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            network + " (expected: an address, or a network such as 10.0.0.0/8, of proxies alone)");
  }

  @Test
  void toString_isForTheLog() {
    assertThat(TrustedProxies.of(List.of("10.1.2.3", "10.2.0.0/16")))
        .hasToString("[10.1.2.3/32, 10.2.0.0/16]");
    assertThat(TrustedProxies.NONE.isEmpty()).isTrue();
  }
}
