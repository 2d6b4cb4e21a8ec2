/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.settings.Settings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * How operators may sign in, besides with a password.
 *
 * @param certificates whether by a certificate of role {@code operator} that they show
 * @param certificateCa whose such certificates are good then, too; null for our own alone
 * @param certificateCrl of that CA; null without one
 */
public record OperatorSettings(
    boolean certificates,
    @Nullable Path certificateCa,
    @Nullable Path certificateCrl) {
  static final String COMMENTED_YAML = """
      operators:
        # Let operators in by a certificate of role operator, whose name is that of their account:
        # muster admin certificates issue --role operator --name NAME --out DIR
        # Browsers that have such a certificate ask which to show.
        # certificates: false
        # Another CA whose certificates of OU=operator are good, too, and its CRL, read at each use.
        # certificateCa: /etc/muster/operators-ca.pem
        # certificateCrl: /etc/muster/operators-ca.crl
      """;

  public OperatorSettings {
    if (certificateCa == null != (certificateCrl == null)) {
      throw new IllegalArgumentException(
          certificateCa + " (expected: with operators.certificateCrl, or neither)");
    }
  }

  static OperatorSettings read(Settings settings) {
    boolean certificates = settings.flag("operators.certificates", false);
    @Nullable Path ca = path(settings, "operators.certificateCa");
    @Nullable Path crl = path(settings, "operators.certificateCrl");
    return settings
        .check("operators.certificateCa", () -> new OperatorSettings(certificates, ca, crl))
        .orElseGet(() -> new OperatorSettings(false, null, null));
  }

  private static @Nullable Path path(Settings settings, String key) {
    return settings.<@Nullable Path>value(key, null, Path::of, "the path of a file");
  }
}
