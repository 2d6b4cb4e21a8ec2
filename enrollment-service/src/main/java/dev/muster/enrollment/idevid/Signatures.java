/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which signatures on certificates and CRLs of others count for nothing. */
public final class Signatures {
  private static final List<String> STRONG_HASHES = List.of("SHA256", "SHA384", "SHA512", "SHA3-");
  private static final Set<String> STRONG = Set.of("ED25519", "EDDSA", "1.3.101.112");
  private static final String PSS_OID = "1.2.840.113549.1.1.10";

  private Signatures() {}

  /** Whether the certificate is signed over a hash that can be forged, or one not known here. */
  public static boolean isWeak(X509Certificate certificate) {
    return isWeak(
        certificate.getSigAlgOID(), certificate.getSigAlgName(), certificate.getSigAlgParams());
  }

  /** As {@link #isWeak(X509Certificate)}. */
  static boolean isWeak(X509CRL crl) {
    return isWeak(crl.getSigAlgOID(), crl.getSigAlgName(), crl.getSigAlgParams());
  }

  private static boolean isWeak(String oid, String name, byte @Nullable [] parameters) {
    return oid.equals(PSS_OID) ? isWeakPss(parameters) : isWeak(name);
  }

  /** As {@link #isWeak(X509Certificate)}, by the JDK's name of the algorithm. */
  public static boolean isWeak(String algorithm) {
    String name = algorithm.toUpperCase(Locale.ROOT);
    return !STRONG.contains(name) && STRONG_HASHES.stream().noneMatch(name::startsWith);
  }

  /** The hash is a parameter, SHA-1 if it is absent (RFC 4055, 3.1). */
  private static boolean isWeakPss(byte @Nullable [] encoded) {
    if (encoded == null) {
      return true;
    }
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
      parameters.init(encoded);
      String hash = parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm();
      return isWeak(hash.replaceFirst("^SHA-(\\d{3})$", "SHA$1"));
    } catch (GeneralSecurityException | IOException e) {
      return true;
    }
  }
}
