/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.security.cert.X509Certificate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServerNameTest {
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");

  @ParameterizedTest
  @CsvSource({
    "broker.example, broker.example, true",
    "Broker.Example, broker.example, true",
    "broker.example, *.example, true",
    "a.broker.example, *.example, false",
    "broker.example, other.example, false",
    "example, *.example, false",
    "127.0.0.1, broker.example, false",
  })
  void server_isTrustedForItsNamesAlone(String host, String name, boolean trusted)
      throws Exception {
    X509Certificate certificate = ROOT.issue("CN=broker").server(name).build().certificate();
    assertThat(ServerName.of(host).isNamedBy(certificate)).isEqualTo(trusted);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, true",
    "255.249.199.9, true",
    "[::1], true",
    "999.1.1.1, false",
    "256.1.1.1, false",
    "1.2.3, false",
    "1.2.3.4.5, false",
  })
  void address_isWhatDnsNeedNotBeAskedFor(String host, boolean address) {
    assertThat(ServerName.of(host).address() != null).isEqualTo(address);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, 127.0.0.1, true",
    "[::1], 0:0:0:0:0:0:0:1, true",
    "127.0.0.2, 127.0.0.1, false",
    "broker.example, 127.0.0.1, false",
  })
  void address_isTrustedAsSuch(String host, String address, boolean trusted) throws Exception {
    X509Certificate certificate =
        ROOT.issue("CN=broker").serverAt(address).build().certificate();
    assertThat(ServerName.of(host).isNamedBy(certificate)).isEqualTo(trusted);
  }
}
