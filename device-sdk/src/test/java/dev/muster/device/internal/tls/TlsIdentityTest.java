/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.NoSuchAlgorithmException;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;

class TlsIdentityTest {
  @Test
  void suites_ofThisJava_areGoodOnesAndBeginWithThoseForSmallProcessors()
      throws NoSuchAlgorithmException {
    String[] suites =
        TlsIdentity.suites(SSLContext.getDefault().getSupportedSSLParameters().getCipherSuites());

    assertThat(suites)
        .startsWith("TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256")
        .contains("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384")
        .noneMatch(suite -> suite.contains("_CBC_") || suite.startsWith("TLS_RSA_"));
  }

  @Test
  void suites_ofAJavaWithoutChaCha20_areTheOthers() {
    assertThat(TlsIdentity.suites("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_GCM_SHA256"))
        .containsExactly("TLS_AES_128_GCM_SHA256");
  }
}
