/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import java.security.cert.X509Certificate;
import java.util.Locale;

/** Which signatures on certificates and CRLs of others count for nothing. */
public final class Signatures {
  private Signatures() {}

  /** Whether the certificate is signed over a hash that can be forged. */
  public static boolean isWeak(X509Certificate certificate) {
    return isWeak(certificate.getSigAlgName());
  }

  /** As {@link #isWeak(X509Certificate)}, by the JDK's name of the algorithm. */
  public static boolean isWeak(String algorithm) {
    String name = algorithm.toUpperCase(Locale.ROOT);
    return name.startsWith("SHA1") || name.startsWith("MD");
  }
}
