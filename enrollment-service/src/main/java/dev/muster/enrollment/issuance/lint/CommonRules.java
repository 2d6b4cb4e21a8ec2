/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance.lint;

import java.math.BigInteger;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;

/** What holds for every certificate that we sign, whatever its kind. */
final class CommonRules {
  private static final int VERSION_3 = 2;
  private static final int MAX_SERIAL_OCTETS = 20;
  private static final int SERIAL_BITS = 128;
  /** Of 128 fair coins, one throw in 10^13 shows fewer heads, or fewer tails. */
  private static final int MIN_HEADS = 22;

  /** What we write at all, and whether it is critical (RFC 5280, 4.2; our profiles). */
  private static final Map<ASN1ObjectIdentifier, Boolean> CRITICAL = Map.of(
      Extension.authorityKeyIdentifier, false,
      Extension.subjectKeyIdentifier, false,
      Extension.keyUsage, true,
      Extension.basicConstraints, true,
      Extension.extendedKeyUsage, false,
      Extension.subjectAlternativeName, false,
      Extension.cRLDistributionPoints, false,
      Extension.authorityInfoAccess, false,
      OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false);

  private static final Set<ASN1ObjectIdentifier> CA_ONLY = Set.of(Extension.basicConstraints);
  private static final Set<ASN1ObjectIdentifier> LEAF_ONLY = Set.of(
      Extension.extendedKeyUsage,
      Extension.subjectAlternativeName,
      OCSPObjectIdentifiers.id_pkix_ocsp_nocheck);

  static final List<Rule<Draft>> RULES = List.of(
      new Rule<>("der", "X.690, 10; RFC 5280, 4.1", CommonRules::der),
      new Rule<>("version", "RFC 5280, 4.1.2.1", CommonRules::version),
      new Rule<>("serial", "RFC 5280, 4.1.2.2", draft -> serialFault(draft.serial.getValue())),
      new Rule<>("serial-entropy", "CA/B BR 7.1; our profile", CommonRules::serialEntropy),
      new Rule<>(
          "signature-algorithm",
          "RFC 5280, 4.1.1.2 and 4.1.2.3; RFC 5758, 3.2",
          draft -> Algorithms.signatureFault(
              draft.innerAlgorithm, draft.outerAlgorithm, draft.issuer.key)),
      new Rule<>("issuer", "RFC 5280, 4.1.2.4", CommonRules::issuer),
      new Rule<>("validity-form", "RFC 5280, 4.1.2.5", CommonRules::validityForm),
      new Rule<>("validity-span", "RFC 5280, 4.1.2.5; our profile", CommonRules::validitySpan),
      new Rule<>("subject-form", "RFC 5280, 4.1.2.6", draft -> Names.fault(draft.subject)),
      new Rule<>(
          "public-key",
          "RFC 5280, 4.1.2.7; RFC 5480, 2.1.1",
          draft -> Algorithms.keyFault(draft.key)),
      new Rule<>("unique-ids", "RFC 5280, 4.1.2.8", CommonRules::uniqueIds),
      new Rule<>("extensions-once", "RFC 5280, 4.2", CommonRules::extensionsOnce),
      new Rule<>("extensions-known", "RFC 5280, 4.2; our profile", CommonRules::extensionsKnown),
      new Rule<>("authority-key-identifier", "RFC 5280, 4.2.1.1", CommonRules::authorityKey),
      new Rule<>("subject-key-identifier", "RFC 5280, 4.2.1.2", CommonRules::subjectKey),
      new Rule<>("crl-distribution-points", "RFC 5280, 4.2.1.13", Locations::crlFault),
      new Rule<>("authority-information-access", "RFC 5280, 4.2.2.1", Locations::accessFault));

  private CommonRules() {}

  private static Optional<String> der(Draft draft) {
    return faultUnless(
        Arrays.equals(Draft.encoded(draft.structure), draft.der), "other bytes than its DER");
  }

  private static Optional<String> version(Draft draft) {
    return faultUnless(
        draft.version == VERSION_3, () -> "version " + (draft.version + 1) + " (expected: 3)");
  }

  static Optional<String> serialFault(BigInteger serial) {
    return faultUnless(
        serial.signum() > 0 && serial.toByteArray().length <= MAX_SERIAL_OCTETS,
        () -> serial.toString(16) + " (expected: positive, at most " + MAX_SERIAL_OCTETS
            + " octets)");
  }

  /** A source that is stuck shows as bits that are nearly all alike. */
  private static Optional<String> serialEntropy(Draft draft) {
    BigInteger serial = draft.serial.getValue();
    int heads = serial.mod(BigInteger.ONE.shiftLeft(SERIAL_BITS)).bitCount();
    return faultUnless(
        serial.bitLength() > SERIAL_BITS && heads >= MIN_HEADS && heads <= SERIAL_BITS - MIN_HEADS,
        () ->
            serial.toString(16) + " (expected: its last 128 bits random, and others before them)");
  }

  private static Optional<String> issuer(Draft draft) {
    return faultUnless(
        draft.issuer.isNamed(Draft.encoded(draft.issuerName)),
        "not the issuer's subject, byte for byte");
  }

  private static Optional<String> validityForm(Draft draft) {
    return Times.fault(draft.notBefore).or(() -> Times.fault(draft.notAfter));
  }

  private static Optional<String> validitySpan(Draft draft) {
    Instant begin = Times.read(draft.notBefore);
    Instant end = Times.read(draft.notAfter);
    if (!end.isAfter(begin)) {
      return Optional.of(begin + " to " + end + " (expected: an end after the beginning)");
    }
    if (end.isAfter(begin.plus(draft.longestValidity))) {
      return Optional.of(
          begin + " to " + end + " (expected: at most " + draft.longestValidity + ")");
    }
    boolean within = !begin.isBefore(draft.issuer.notBefore) && !end.isAfter(draft.issuer.notAfter);
    return faultUnless(
        within,
        () -> begin + " to " + end + " (expected: within the issuer's, " + draft.issuer.notBefore
            + " to " + draft.issuer.notAfter + ")");
  }

  private static Optional<String> uniqueIds(Draft draft) {
    return faultUnless(!draft.hasUniqueIds, "present (expected: absent)");
  }

  private static Optional<String> extensionsOnce(Draft draft) {
    return draft.extensions.repeated().map(type -> type + " twice (expected: once)");
  }

  private static Optional<String> extensionsKnown(Draft draft) {
    Set<ASN1ObjectIdentifier> others = draft.kind.isCa() ? LEAF_ONLY : CA_ONLY;
    for (ExtensionList.Entry entry : draft.extensions.entries()) {
      Boolean critical = CRITICAL.get(entry.type());
      if (critical == null || others.contains(entry.type())) {
        return Optional.of(entry.type() + " (expected: none beyond the profile's)");
      }
      if (critical != entry.critical()) {
        return Optional.of(
            entry.type() + (critical ? " (expected: critical)" : " (expected: not critical)"));
      }
    }
    return Optional.empty();
  }

  private static Optional<String> authorityKey(Draft draft) {
    return authorityKeyFault(draft.extensions, draft.issuer);
  }

  static Optional<String> authorityKeyFault(ExtensionList extensions, IssuerFacts issuer) {
    Optional<ExtensionList.Entry> entry = extensions.find(Extension.authorityKeyIdentifier);
    if (entry.isEmpty()) {
      return Optional.of("absent (expected: the issuer's subjectKeyIdentifier)");
    }
    AuthorityKeyIdentifier identifier =
        AuthorityKeyIdentifier.getInstance(entry.get().value());
    boolean only = identifier.getAuthorityCertIssuer() == null
        && identifier.getAuthorityCertSerialNumber() == null;
    return faultUnless(
        only && issuer.hasKeyIdentifier(identifier.getKeyIdentifierOctets()),
        "another (expected: the issuer's subjectKeyIdentifier alone)");
  }

  /** Method 1 of RFC 5280: the SHA-1 of the key's bits. It names and protects nothing. */
  private static Optional<String> subjectKey(Draft draft) {
    Optional<ExtensionList.Entry> entry = draft.extensions.find(Extension.subjectKeyIdentifier);
    if (entry.isEmpty()) {
      return Optional.of("absent (expected: the SHA-1 of the key)");
    }
    byte[] found = SubjectKeyIdentifier.getInstance(entry.get().value()).getKeyIdentifier();
    return faultUnless(
        Arrays.equals(found, sha1(draft.key.getPublicKeyData().getOctets())),
        "another (expected: the SHA-1 of the key)");
  }

  private static byte[] sha1(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-1").digest(data);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-1", e);
    }
  }

  static Optional<String> faultUnless(boolean right, String fault) {
    return right ? Optional.empty() : Optional.of(fault);
  }

  /** @param fault worded only if there is one, as hardly ever there is */
  static Optional<String> faultUnless(boolean right, Supplier<String> fault) {
    return right ? Optional.empty() : Optional.of(fault.get());
  }
}
