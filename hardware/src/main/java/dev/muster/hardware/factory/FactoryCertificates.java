/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** The kinds of certificate that a factory makes. */
final class FactoryCertificates {
  /** RFC 5280, 4.1.2.5: "no well-defined expiration date"; what 802.1AR wants in an IDevID. */
  static final Instant NO_EXPIRY = Instant.parse("9999-12-31T23:59:59Z");

  /** The CN of whoever signs a manifest. */
  static final String STATION = "Manifest station";

  /** So that a peer whose clock is a little behind accepts a certificate made just now. */
  static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  private static final Duration PROOF_LIFE = Duration.ofHours(1);

  /**
   * Without any extended key usage a certificate would do for TLS clients; this one names a purpose
   * that TLS has no use for: time stamping.
   */
  private static final KeyPurposeId PROOF_PURPOSE = KeyPurposeId.id_kp_timeStamping;

  private static final SecureRandom RANDOM = new SecureRandom();

  private FactoryCertificates() {}

  /**
   * The self-signed manufacturer CA. It has no end either: a verifier that checks the validity of
   * its anchor would otherwise refuse every device of the manufacturer from one day to the next.
   */
  static X509Certificate authority(KeyPair keys, String manufacturer, Clock clock) {
    X500Name subject = new X500NameBuilder(BCStyle.INSTANCE)
        .addRDN(BCStyle.O, manufacturer)
        .addRDN(BCStyle.CN, "Manufacturer CA")
        .build();
    try {
      JcaX509v3CertificateBuilder certificate =
          builder(subject, subject, keys.getPublic(), notBefore(clock));
      // RFC 5280, 4.2.1.9 and 4.2.1.3: critical in a CA; it signs devices and never another CA.
      certificate.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
      certificate.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      return sign(certificate, keys.getPrivate());
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("a manufacturer CA that cannot be encoded", e);
    }
  }

  /** The IDevID of the device with this serial number (IEEE 802.1AR; RFC 8995, 2.3). */
  static X509Certificate idevid(
      PublicKey key, String serial, X509Certificate authority, PrivateKey signer, Clock clock) {
    X500Name issuer = X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
    try {
      JcaX509v3CertificateBuilder certificate =
          builder(issuer, deviceName(authority, serial), key, notBefore(clock, authority));
      certificate.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublicKey()));
      // Some DTLS stacks refuse a client certificate whose key usage lacks digitalSignature.
      certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      // No extended key usage: an IDevID lives as long as the device, so it must not rule out uses
      // that come later (RFC 8995, 2.3). Absent means any purpose (RFC 5280, 4.2.1.12), and TLS
      // clients authenticate with it. No hardwareModuleName (RFC 4108, 5) either: it needs an
      // object
      // identifier that the manufacturer owns, and 802.1AR-2018 only recommends it.
      return sign(certificate, signer);
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("an IDevID that cannot be encoded", e);
    }
  }

  /** Whether that is an IDevID for this serial number of this authority. */
  static boolean isOf(X509Certificate idevid, String serial, X509Certificate authority) {
    try {
      idevid.verify(authority.getPublicKey());
      // Byte by byte: as names, SN-1 and sn-1 would be the same.
      return Arrays.equals(
          idevid.getSubjectX500Principal().getEncoded(),
          deviceName(authority, serial).getEncoded());
    } catch (GeneralSecurityException | IOException e) {
      return false;
    }
  }

  /**
   * That whoever asked the challenge has the key of the CA before him. Good for nothing else: no
   * usage is allowed to its own key, which nobody keeps.
   */
  static X509Certificate proof(
      PublicKey key, String challenge, X509Certificate authority, PrivateKey signer, Clock clock) {
    X500Name issuer = X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
    try {
      JcaX509v3CertificateBuilder certificate = new JcaX509v3CertificateBuilder(
          issuer,
          serial(),
          Date.from(notBefore(clock, authority)),
          Date.from(clock.instant().plus(PROOF_LIFE)),
          challengeName(challenge),
          key);
      certificate.addExtension(
          Extension.extendedKeyUsage, true, new ExtendedKeyUsage(PROOF_PURPOSE));
      return sign(certificate, signer);
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("a proof that cannot be encoded", e);
    }
  }

  /**
   * Of a station that signs manifests. Its purpose keeps it from passing for a device, and a device
   * from passing for it; it is the one that S/MIME tools expect in a signer.
   */
  static X509Certificate station(
      PublicKey key, X509Certificate authority, PrivateKey signer, Clock clock) {
    X500Name issuer = X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
    try {
      JcaX509v3CertificateBuilder certificate =
          builder(issuer, stationName(authority), key, notBefore(clock, authority));
      certificate.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(authority.getPublicKey()));
      certificate.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
      certificate.addExtension(
          Extension.extendedKeyUsage,
          false,
          new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection));
      return sign(certificate, signer);
    } catch (CertIOException | GeneralSecurityException e) {
      throw new IllegalStateException("a station's certificate that cannot be encoded", e);
    }
  }

  /**
   * Of a device: the CA's organization, and its serial number. BouncyCastle writes a serialNumber
   * as PrintableString (X520SerialNumber, RFC 5280, A.1).
   */
  static X500Name deviceName(X509Certificate authority, String serial) {
    return organization(authority).addRDN(BCStyle.SERIALNUMBER, serial).build();
  }

  /** Of a station that signs manifests. */
  static X500Name stationName(X509Certificate authority) {
    return organization(authority).addRDN(BCStyle.CN, STATION).build();
  }

  /** Of a proof. */
  static X500Name challengeName(String challenge) {
    return new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, challenge).build();
  }

  private static X500NameBuilder organization(X509Certificate authority) {
    X500NameBuilder name = new X500NameBuilder(BCStyle.INSTANCE);
    X500Name issuer = X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
    for (var organization : issuer.getRDNs(BCStyle.O)) {
      name.addRDN(organization.getFirst());
    }
    return name;
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, PublicKey key, Instant notBefore)
      throws CertIOException, GeneralSecurityException {
    JcaX509v3CertificateBuilder certificate = new JcaX509v3CertificateBuilder(
        issuer, serial(), Date.from(notBefore), Date.from(NO_EXPIRY), subject, key);
    certificate.addExtension(
        Extension.subjectKeyIdentifier,
        false,
        new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
    return certificate;
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder certificate, PrivateKey key)
      throws GeneralSecurityException {
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(
              certificate.build(new JcaContentSignerBuilder(algorithm(key)).build(key)));
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("no " + algorithm(key) + " in this Java", e);
    }
  }

  private static String algorithm(PrivateKey key) {
    return switch (key.getAlgorithm()) {
      case "EC" -> "SHA256withECDSA";
      case "RSA" -> "SHA256withRSA";
      case "EdDSA", "Ed25519" -> "Ed25519";
      default ->
        throw new IllegalArgumentException(
            "key: " + key.getAlgorithm() + " (expected: EC, RSA or Ed25519)");
    };
  }

  /** 128 random bits, never negative; zero, which RFC 5280, 4.1.2.2 forbids, does not come up. */
  private static BigInteger serial() {
    return new BigInteger(128, RANDOM);
  }

  private static Instant notBefore(Clock clock) {
    return clock.instant().minus(CLOCK_SKEW).truncatedTo(ChronoUnit.SECONDS);
  }

  private static Instant notBefore(Clock clock, X509Certificate authority) {
    Instant own = notBefore(clock);
    Instant earliest = authority.getNotBefore().toInstant();
    return own.isBefore(earliest) ? earliest : own;
  }
}
