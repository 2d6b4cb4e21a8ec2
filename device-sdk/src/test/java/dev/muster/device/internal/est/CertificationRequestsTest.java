/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.testing.TestPki;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.Test;

class CertificationRequestsTest {
  /** As one of a token that was pulled out, and its provider with it. */
  private static final class OrphanedKey implements PrivateKey {
    private static final long serialVersionUID = 1L;

    @Override
    public String getAlgorithm() {
      return "EC";
    }

    @Override
    public String getFormat() {
      return null;
    }

    @Override
    public byte[] getEncoded() {
      return null;
    }
  }

  @Test
  void write_itsKey_provesThatItIsThere() throws Exception {
    KeyPair keys = TestPki.newKey();

    byte[] request = CertificationRequests.write(keys, new X500Principal("CN=a"), List.of());

    assertThat(new PKCS10CertificationRequest(request)
            .isSignatureValid(new JcaContentVerifierProviderBuilder().build(keys.getPublic())))
        .isTrue();
  }

  @Test
  void write_noProviderTakesTheKey_isTheKeysFaultAndNotTheRuntimes() {
    KeyPair keys = new KeyPair(TestPki.newKey().getPublic(), new OrphanedKey());

    assertThatThrownBy(() -> CertificationRequests.write(keys, new X500Principal(""), List.of()))
        .isInstanceOf(KeyUnavailableException.class)
        .hasMessageStartingWith("the key does not sign: ");
  }
}
