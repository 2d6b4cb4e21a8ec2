/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.enrollment.issuance.SigningKeyContract;
import java.security.SecureRandom;

class FileCaKeysTest extends SigningKeyContract {
  private final FileCaKeys keys = FileCaKeys.fresh(new SecureRandom());

  @Override
  protected SigningKey newKey(SignatureScheme scheme) {
    return keys.generate(scheme).key();
  }
}
