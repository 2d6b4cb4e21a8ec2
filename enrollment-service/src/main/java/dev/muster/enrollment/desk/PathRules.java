/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.csr.CertificateKeys;
import dev.muster.enrollment.idevid.Signatures;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.bouncycastle.asn1.x509.Extension;
import org.jspecify.annotations.Nullable;

/**
 * Holds a path of certificates, whose signatures are known to be right, to RFC 5280, 6.1. The JDK's
 * validator is not asked: it verifies every signature again, with its own slow provider, and knows
 * one time for the whole path, while an IDevID may be let past its end and its CAs may not.
 *
 * <p>No policy is ever demanded here (RFC 5280, 6.1.1 e), so policies decide nothing; a CA that
 * demands one itself is refused.
 */
final class PathRules {
  private static final int KEY_CERT_SIGN = 5;

  /** Those that are checked, and those that cannot matter as no policy is demanded. */
  private static final Set<String> KNOWN_CRITICAL = Set.of(
      Extension.basicConstraints.getId(),
      Extension.keyUsage.getId(),
      Extension.extendedKeyUsage.getId(),
      Extension.subjectAlternativeName.getId(),
      Extension.nameConstraints.getId(),
      Extension.certificatePolicies.getId(),
      Extension.policyMappings.getId(),
      Extension.inhibitAnyPolicy.getId());

  private static final int MAX_SERIAL_DIGITS = 40;

  private PathRules() {}

  /**
   * @param path from the IDevID to the certificate that {@code anchor} issued
   * @param anchor whose key is known to be sound
   * @return what is wrong, for the sender; empty if nothing is
   */
  static Optional<String> violation(
      List<X509Certificate> path, X509Certificate anchor, ManufacturerPolicy policy, Instant now) {
    return validity(path.get(0), policy, now)
        .or(() -> longSerial(path.get(0)))
        .or(() -> weakSignature(path))
        .or(() -> weakKey(path))
        .or(() -> unknown(path))
        .or(() -> aboveViolation(path, anchor, now));
  }

  private static Optional<String> validity(
      X509Certificate idevid, ManufacturerPolicy policy, Instant now) {
    Instant begin = idevid.getNotBefore().toInstant();
    Instant end = idevid.getNotAfter().toInstant();
    if (now.isBefore(begin.minus(policy.futureTolerance()))) {
      return Optional.of("not yet valid (before " + begin + ")");
    }
    if (now.isAfter(end) && !policy.expiredIdevids()) {
      return Optional.of("expired (at " + end + ")");
    }
    return Optional.empty();
  }

  /** RFC 5280, 4.1.2.2: at most 20 octets, of which the registry keeps the digits. */
  private static Optional<String> longSerial(X509Certificate idevid) {
    int digits = idevid.getSerialNumber().toString(16).length();
    return digits <= MAX_SERIAL_DIGITS
        ? Optional.empty()
        : Optional.of("its serial number has " + digits + " hexadecimal digits (expected: at most "
            + MAX_SERIAL_DIGITS + ")");
  }

  /**
   * Of the path alone: the anchor's own signature proves nothing, nor do certificates that came
   * along and are not needed (RFC 5280, 6.1; RFC 8446, 4.4.2.2).
   */
  private static Optional<String> weakSignature(List<X509Certificate> path) {
    return path.stream()
        .filter(Signatures::isWeak)
        .findFirst()
        .map(weak ->
            "its chain is signed with " + weak.getSigAlgName() + " (expected: SHA-256 or better)");
  }

  private static Optional<String> weakKey(List<X509Certificate> path) {
    return path.stream()
        .map(certificate -> CertificateKeys.weakness(certificate.getPublicKey()))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> unknown(List<X509Certificate> path) {
    for (X509Certificate certificate : path) {
      @Nullable Set<String> critical = certificate.getCriticalExtensionOIDs();
      if (critical != null && !KNOWN_CRITICAL.containsAll(critical)) {
        return Optional.of("its chain has a critical extension that is not known here ("
            + critical.stream().filter(one -> !KNOWN_CRITICAL.contains(one)).toList() + ")");
      }
    }
    return Optional.empty();
  }

  private static Optional<String> aboveViolation(
      List<X509Certificate> path, X509Certificate anchor, Instant now) {
    for (int i = 1; i < path.size(); i++) {
      X509Certificate ca = path.get(i);
      boolean @Nullable [] usage = ca.getKeyUsage();
      if (ca.getBasicConstraints() < 0 || usage != null && !usage[KEY_CERT_SIGN]) {
        return Optional.of("its chain does not hold (a certificate in it is not that of a CA)");
      }
      Optional<String> violation = AnchorRules.violation(path.subList(0, i), ca, now);
      if (violation.isPresent()) {
        return violation;
      }
    }
    return AnchorRules.violation(path, anchor, now);
  }
}
