/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.Pkcs11Token;
import dev.muster.enrollment.issuance.SignatureScheme;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What can be set of the keys of the CAs: what starts with {@code enrollment.ca.}. */
final class CaSettings {
  private static final Map<String, SignatureScheme> CURVES =
      Map.of("P-256", SignatureScheme.ECDSA_P256, "P-384", SignatureScheme.ECDSA_P384);
  private static final String PKCS11 = "enrollment.ca.pkcs11.";

  private CaSettings() {}

  static CaConfig read(Settings settings) {
    SignatureScheme scheme = settings.value(
        "enrollment.ca.curve", SignatureScheme.ECDSA_P256, CaSettings::curve, "P-256 or P-384");
    return new CaConfig(scheme, token(settings));
  }

  private static SignatureScheme curve(String name) {
    SignatureScheme scheme = CURVES.get(name);
    if (scheme == null) {
      throw new IllegalArgumentException(name);
    }
    return scheme;
  }

  private static @Nullable Pkcs11Token token(Settings settings) {
    String library = settings.text(PKCS11 + "library", "");
    String label = settings.text(PKCS11 + "tokenLabel", "");
    String pinFile = settings.text(PKCS11 + "pinFile", "");
    if (library.isEmpty() && label.isEmpty() && pinFile.isEmpty()) {
      return null;
    }
    return settings
        .check(
            "enrollment.ca.pkcs11",
            () -> new Pkcs11Token(Path.of(library), label, Path.of(pinFile)))
        .orElse(null);
  }
}
