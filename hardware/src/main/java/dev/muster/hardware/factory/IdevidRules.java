/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.jspecify.annotations.Nullable;

/**
 * What an IDevID has to be, whoever issued it (IEEE 802.1AR-2018, 8; RFC 5280; RFC 8995, 2.3): a
 * device keeps it for life, so that what is wrong with it is to be found at the station.
 */
final class IdevidRules {
  private static final int VERSION_3 = 3;
  private static final int MAX_SERIAL_OCTETS = 20;
  private static final int DIGITAL_SIGNATURE = 0;
  private static final int KEY_CERT_SIGN = 5;
  private static final int CRL_SIGN = 6;
  private static final Pattern WEAK = Pattern.compile("(MD2|MD5|SHA-?1)(with|$).*");

  private IdevidRules() {}

  /**
   * @param issuer the certificate of the CA that signed it
   * @return what is wrong, and what was expected; empty if nothing is
   */
  static Optional<String> violation(X509Certificate idevid, X509Certificate issuer) {
    // The version first: what has no extensions breaks most of the others, too.
    return Stream.of(
            version(idevid),
            serial(idevid),
            signature(idevid),
            constraints(idevid),
            keyUsage(idevid),
            purposes(idevid),
            critical(idevid),
            authorityKey(idevid, issuer))
        .flatMap(Optional::stream)
        .findFirst();
  }

  /** Whether it has an end, which an IDevID should not (802.1AR-2018, 8; RFC 5280, 4.1.2.5). */
  static boolean ends(X509Certificate idevid) {
    Instant end = idevid.getNotAfter().toInstant();
    return end.isBefore(FactoryCertificates.NO_EXPIRY);
  }

  private static Optional<String> version(X509Certificate idevid) {
    return faultUnless(
        idevid.getVersion() == VERSION_3,
        "version " + idevid.getVersion() + " (expected: 3, with extensions; `openssl x509 -req`"
            + " writes them with -extfile)");
  }

  private static Optional<String> serial(X509Certificate idevid) {
    int octets = idevid.getSerialNumber().toByteArray().length;
    return faultUnless(
        idevid.getSerialNumber().signum() > 0 && octets <= MAX_SERIAL_OCTETS,
        "the certificate's number " + idevid.getSerialNumber() + " (expected: positive, at most "
            + MAX_SERIAL_OCTETS + " octets; RFC 5280, 4.1.2.2)");
  }

  private static Optional<String> signature(X509Certificate idevid) {
    String algorithm = idevid.getSigAlgName();
    return faultUnless(
        !WEAK.matcher(algorithm.toUpperCase(Locale.ROOT).replace("WITH", "with"))
            .matches(),
        "signed with " + algorithm + " (expected: SHA-256 or better; openssl: -sha256)");
  }

  private static Optional<String> constraints(X509Certificate idevid) {
    return faultUnless(
        idevid.getBasicConstraints() < 0,
        "it is a CA (expected: a device; openssl: basicConstraints=critical,CA:FALSE)");
  }

  private static Optional<String> keyUsage(X509Certificate idevid) {
    boolean @Nullable [] usage = idevid.getKeyUsage();
    return faultUnless(
        usage != null && usage[DIGITAL_SIGNATURE] && !usage[KEY_CERT_SIGN] && !usage[CRL_SIGN],
        (usage == null ? "no key usage" : "another key usage")
            + " (expected: digitalSignature, and nothing of a CA; openssl:"
            + " keyUsage=critical,digitalSignature)");
  }

  /** None means any (RFC 5280, 4.2.1.12), which is best for what lives so long. */
  private static Optional<String> purposes(X509Certificate idevid) {
    try {
      @Nullable List<String> purposes = idevid.getExtendedKeyUsage();
      return faultUnless(
          purposes == null
              || purposes.contains(KeyPurposeId.id_kp_clientAuth.getId())
              || purposes.contains(KeyPurposeId.anyExtendedKeyUsage.getId()),
          "extended key usage " + purposes + " (expected: none, or clientAuth among others)");
    } catch (CertificateParsingException e) {
      return Optional.of("an extended key usage that cannot be read (expected: none)");
    }
  }

  private static Optional<String> critical(X509Certificate idevid) {
    return faultUnless(
        !idevid.hasUnsupportedCriticalExtension(),
        "a critical extension that few know, among " + idevid.getCriticalExtensionOIDs()
            + " (expected: not critical, or left out)");
  }

  private static Optional<String> authorityKey(X509Certificate idevid, X509Certificate issuer) {
    byte @Nullable [] found = octets(idevid, Extension.authorityKeyIdentifier.getId());
    if (found == null) {
      return Optional.of("no authority key identifier (expected: the CA's, RFC 5280, 4.2.1.1;"
          + " openssl: authorityKeyIdentifier=keyid)");
    }
    byte @Nullable [] own = octets(issuer, Extension.subjectKeyIdentifier.getId());
    byte @Nullable [] named = AuthorityKeyIdentifier.getInstance(found).getKeyIdentifierOctets();
    return faultUnless(
        own == null
            || named == null
            || Arrays.equals(named, SubjectKeyIdentifier.getInstance(own).getKeyIdentifier()),
        "an authority key identifier of another CA (expected: that of "
            + issuer.getSubjectX500Principal().getName() + ")");
  }

  private static byte @Nullable [] octets(X509Certificate certificate, String extension) {
    byte @Nullable [] value = certificate.getExtensionValue(extension);
    return value == null ? null : ASN1OctetString.getInstance(value).getOctets();
  }

  private static Optional<String> faultUnless(boolean right, String fault) {
    return right ? Optional.empty() : Optional.of(fault);
  }
}
