/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.issuance;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.lint.CertificateKind;
import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.NoSuchAlgorithmException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.ocsp.OCSPObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.CRLNumber;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;

/**
 * An issuing CA of our own: what it signs is built here, and signed by a {@link SigningKey}
 * wherever that is.
 */
public final class LocalIssuer implements CertificateIssuer {
  /** Devices without a battery-backed clock wake up a little in the past. */
  private static final Duration LONGEST_BACKDATING = Duration.ofMinutes(5);

  /**
   * A device's at most by a tenth of the validity: it renews after a share of the life, counted
   * from its beginning, and one of a few minutes would be due the moment it is issued. The renewal
   * of our own services counts from the end.
   */
  private static final int BACKDATED_PART = 10;

  private static final byte[] VERSION_3 = Der.of(0xa0, Der.integer(BigInteger.TWO));
  private static final int EXTENSIONS = 0xa3;
  private static final byte[] DIGITAL_SIGNATURE =
      extension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));

  private static final int SERIAL_BITS = 128;
  private static final int TIME_BITS = 30;

  private final String id;
  private final X509Certificate certificate;
  private final LintedSigner signer;
  private final SignatureScheme scheme;
  private final byte[] encodedName;
  private final X500Name name;
  private final AuthorityKeyIdentifier authorityKey;
  private final byte[] authorityKeyExtension;
  private final SecureRandom random;

  /** @throws IllegalArgumentException if the key is not that of the certificate */
  public LocalIssuer(String id, X509Certificate certificate, SigningKey key, SecureRandom random) {
    this.id = requireNonNull(id, "id");
    this.certificate = requireNonNull(certificate, "certificate");
    if (!Fingerprint.of(key.publicKey()).equals(Fingerprint.of(certificate.getPublicKey()))) {
      throw new IllegalArgumentException("key " + key.name() + ": not that of the certificate of "
          + certificate.getSubjectX500Principal().getName());
    }
    this.signer = new LintedSigner(certificate, key);
    this.random = requireNonNull(random, "random");
    // The very bytes of the CA's subject, so that names chain byte for byte (RFC 5280, 4.1.2.4).
    this.encodedName = certificate.getSubjectX500Principal().getEncoded();
    this.name = X500Name.getInstance(encodedName);
    this.scheme = key.scheme();
    this.authorityKey = authorityKey(certificate);
    this.authorityKeyExtension = extension(Extension.authorityKeyIdentifier, false, authorityKey);
  }

  private static AuthorityKeyIdentifier authorityKey(X509Certificate certificate) {
    try {
      return new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(certificate.getPublicKey());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-1", e);
    }
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public X509Certificate certificate() {
    return certificate;
  }

  @Override
  public IssuedCertificate issue(CertificateProfile profile, SubjectKey subject, Instant now) {
    PublicKey subjectKey = subject.key();
    Duration backdating = backdating(profile);
    Instant begin = later(now.minus(backdating), certificate.getNotBefore().toInstant());
    Instant end =
        earlier(now.plus(profile.validity()), certificate.getNotAfter().toInstant());
    if (!end.isAfter(now)) {
      throw new IssuanceException("issuing CA: ended at "
          + certificate.getNotAfter().toInstant() + " (expected: valid at " + now + ")");
    }
    BigInteger serial = newSerial(now);
    try {
      SubjectPublicKeyInfo key = SubjectPublicKeyInfo.getInstance(subjectKey.getEncoded());
      byte[] toBeSigned = Der.sequence(
          VERSION_3,
          Der.integer(serial),
          scheme.encoded(),
          encodedName,
          Der.sequence(X509Times.of(begin), X509Times.of(end)),
          Der.encoded(profile.subject()),
          Der.encoded(key),
          Der.of(EXTENSIONS, extensions(profile, key)));
      byte[] der = signer.sign(toBeSigned, profile.kind(), profile.validity().plus(backdating));
      return new IssuedCertificate(
          serial.toString(16),
          Fingerprint.of(subjectKey),
          end.truncatedTo(ChronoUnit.SECONDS),
          der);
    } catch (GeneralSecurityException e) {
      throw new IssuanceException("issuing CA: cannot sign a certificate", e);
    }
  }

  private static Duration backdating(CertificateProfile profile) {
    if (profile.kind() != CertificateKind.DEVICE) {
      return LONGEST_BACKDATING;
    }
    Duration part = profile.validity().dividedBy(BACKDATED_PART);
    return part.compareTo(LONGEST_BACKDATING) < 0 ? part : LONGEST_BACKDATING;
  }

  private byte[] extensions(CertificateProfile profile, SubjectPublicKeyInfo key)
      throws NoSuchAlgorithmException {
    List<byte[]> extensions = new ArrayList<>();
    extensions.add(authorityKeyExtension);
    extensions.add(extension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key)));
    extensions.add(DIGITAL_SIGNATURE);
    extensions.add(
        extension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(profile.purpose())));
    if (!profile.alternativeNames().isEmpty()) {
      extensions.add(extension(
          Extension.subjectAlternativeName,
          false,
          new GeneralNames(profile.alternativeNames().toArray(GeneralName[]::new))));
    }
    if (profile.purpose().equals(KeyPurposeId.id_kp_OCSPSigning)) {
      // Nobody need ask about the one who answers; it lives for days only (RFC 6960, 4.2.2.2.1).
      extensions.add(
          extension(OCSPObjectIdentifiers.id_pkix_ocsp_nocheck, false, DERNull.INSTANCE));
    }
    StatusUrls status = profile.status();
    if (status != null) {
      extensions.add(extension(
          Extension.cRLDistributionPoints,
          false,
          StatusExtensions.distributionPoints(status.crl())));
      extensions.add(
          extension(Extension.authorityInfoAccess, false, StatusExtensions.access(status)));
    }
    return Der.sequence(extensions.toArray(byte[][]::new));
  }

  /** RFC 5280, 4.1: not critical is the default, and is not written. */
  private static byte[] extension(
      ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
    byte[] octets = Der.octetString(Der.encoded(value));
    return critical
        ? Der.sequence(Der.encoded(type), Der.encoded(ASN1Boolean.TRUE), octets)
        : Der.sequence(Der.encoded(type), octets);
  }

  @Override
  public byte[] sign(CrlContents contents) {
    try {
      X509v2CRLBuilder builder = new X509v2CRLBuilder(name, date(contents.thisUpdate()));
      builder.setNextUpdate(date(contents.nextUpdate()));
      for (CrlContents.Entry entry : contents.entries()) {
        // BouncyCastle leaves out a reason of 0, as RFC 5280, 5.3.1 wants it.
        int reason = entry.reason().code();
        Date revokedAt = date(entry.revokedAt());
        if (entry.invalidSince() == null) {
          builder.addCRLEntry(entry.serial(), revokedAt, reason);
        } else {
          builder.addCRLEntry(entry.serial(), revokedAt, reason, date(entry.invalidSince()));
        }
      }
      builder.addExtension(Extension.authorityKeyIdentifier, false, authorityKey);
      builder.addExtension(Extension.cRLNumber, false, new CRLNumber(contents.number()));
      if (contents.distributionPoint() != null) {
        builder.addExtension(
            Extension.issuingDistributionPoint,
            true,
            StatusExtensions.issuingDistributionPoint(contents.distributionPoint()));
      }
      return signer.sign(builder);
    } catch (IOException e) {
      throw new IssuanceException("issuing CA: cannot sign a CRL", e);
    }
  }

  /**
   * 128 random bits below the time, in milliseconds of some twelve days, below a leading one:
   * positive, of one length, 20 octets (RFC 5280, 4.1.2.2). Whoever keeps certificates by serial
   * number, as we do, finds those of one moment side by side.
   */
  private BigInteger newSerial(Instant now) {
    long time = now.toEpochMilli() & (1L << TIME_BITS) - 1;
    return new BigInteger(SERIAL_BITS, random)
        .or(BigInteger.valueOf(time).shiftLeft(SERIAL_BITS))
        .setBit(SERIAL_BITS + TIME_BITS);
  }

  private static Instant later(Instant a, Instant b) {
    return a.isAfter(b) ? a : b;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static Date date(Instant instant) {
    return Date.from(instant.truncatedTo(ChronoUnit.SECONDS));
  }
}
