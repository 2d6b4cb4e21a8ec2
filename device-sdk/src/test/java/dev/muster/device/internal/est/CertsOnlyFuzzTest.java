/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.device.ServerProtocolException;

/** What a device is sent by a server that it does not trust yet. */
class CertsOnlyFuzzTest {
  @FuzzTest(maxDuration = "1m")
  void parse_anyAnswer_isCertificatesOrAProtocolError(byte[] pkcs7) {
    try {
      assertThat(EstClient.parse(pkcs7)).isNotEmpty().doesNotContainNull();
    } catch (ServerProtocolException documented) {
      assertThat(documented).message().isNotBlank();
    }
  }
}
