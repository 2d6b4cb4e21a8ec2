/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.security.Provider;
import java.security.Security;
import java.util.List;
import java.util.Map;

/**
 * Signs with keys in TPMs, and with no others: {@code Signature.getInstance} comes to it when such
 * a key is given. That is how TLS finds it.
 */
final class TpmProvider extends Provider {
  private static final long serialVersionUID = 1L;
  private static final String NAME = "MusterTpm";

  private TpmProvider() {
    super(NAME, "1.0", "ECDSA with keys in a TPM 2.0");
    putService(new SignatureService(this, "SHA256withECDSA"));
    putService(new SignatureService(this, "NONEwithECDSA"));
  }

  /** Makes it known to the JDK, behind all others; again and again does no harm. */
  static synchronized void install() {
    if (Security.getProvider(NAME) == null) {
      Security.addProvider(new TpmProvider());
    }
  }

  private static final class SignatureService extends Service {
    SignatureService(Provider provider, String algorithm) {
      super(
          provider,
          "Signature",
          algorithm,
          TpmSignature.class.getName(),
          List.of(),
          Map.of("SupportedKeyClasses", TpmPrivateKey.class.getName()));
    }

    @Override
    public Object newInstance(Object parameter) {
      return getAlgorithm().startsWith("NONE") ? TpmSignature.ofDigest() : TpmSignature.ofData();
    }
  }
}
