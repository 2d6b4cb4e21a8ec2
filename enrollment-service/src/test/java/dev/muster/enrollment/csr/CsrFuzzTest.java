/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.enrollment.crypto.CryptoProviders;

/** Certification requests of strangers, byte by byte. */
class CsrFuzzTest {
  private final CsrVerifier verifier = new CsrVerifier(CryptoProviders.fastest(), BlockedKeys.NONE);

  /** Whatever comes, the answer is a value; what is refused is refused with words. */
  @FuzzTest(maxDuration = "1m")
  void verify_anyBytes_neverThrows(byte[] request) {
    CsrCheck check = verifier.verify(request);
    if (check instanceof CsrCheck.Refused refused) {
      assertThat(refused.field()).isNotBlank();
      assertThat(refused.detail()).isNotBlank().hasSizeLessThan(400);
    }
  }
}
