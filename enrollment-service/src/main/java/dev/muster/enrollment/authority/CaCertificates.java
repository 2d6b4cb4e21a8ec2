/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.SigningKey;
import java.io.IOException;
import java.math.BigInteger;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLDistPoint;
import org.bouncycastle.asn1.x509.DistributionPoint;
import org.bouncycastle.asn1.x509.DistributionPointName;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.jspecify.annotations.Nullable;

/** The certificates of CAs (RFC 5280, 4.2.1.3 and 4.2.1.9). */
final class CaCertificates {
  private static final Duration BACKDATED = Duration.ofMinutes(5);
  private static final Duration ROOT_VALIDITY = Duration.ofDays(3653);
  static final Duration ISSUING_VALIDITY = Duration.ofDays(1826);

  private final SecureRandom random;
  private final Instant now;

  CaCertificates(SecureRandom random, Instant now) {
    this.random = random;
    this.now = now;
  }

  X509Certificate root(String name, SigningKey key) {
    X500Name subject = name(name);
    return sign(
        subject,
        subject,
        key.publicKey(),
        key,
        now.plus(ROOT_VALIDITY),
        new BasicConstraints(true),
        null);
  }

  /**
   * A root's key and name, signed by another root: whoever trusts that one comes to trust this one
   * (RFC 4210, 4.4). It lasts as long as both.
   */
  X509Certificate cross(X509Certificate subject, X509Certificate issuer, SigningKey issuerKey) {
    return sign(
        name(issuer),
        name(subject),
        subject.getPublicKey(),
        issuerKey,
        earlier(subject.getNotAfter().toInstant(), issuer.getNotAfter().toInstant()),
        new BasicConstraints(true),
        null);
  }

  /**
   * A CA that can issue to end entities alone: its path length is 0.
   *
   * @param crl where the issuer's CRL is to be had; null if it is not known
   */
  X509Certificate issuing(
      String name, PublicKey key, X509Certificate issuer, SigningKey issuerKey, @Nullable URI crl) {
    return sign(
        name(issuer),
        name(name),
        key,
        issuerKey,
        earlier(now.plus(ISSUING_VALIDITY), issuer.getNotAfter().toInstant()),
        new BasicConstraints(0),
        crl);
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  /** The very bytes of a CA's subject, so that names chain byte for byte (RFC 5280, 4.1.2.4). */
  private static X500Name name(X509Certificate authority) {
    return X500Name.getInstance(authority.getSubjectX500Principal().getEncoded());
  }

  private X509Certificate sign(
      X500Name issuer,
      X500Name subject,
      PublicKey key,
      SigningKey issuerKey,
      Instant end,
      BasicConstraints constraints,
      @Nullable URI crl) {
    try {
      JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
          issuer,
          new BigInteger(128, random).setBit(128),
          date(now.minus(BACKDATED)),
          date(end),
          subject,
          key);
      JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
      builder.addExtension(
          Extension.subjectKeyIdentifier, false, identifiers.createSubjectKeyIdentifier(key));
      builder.addExtension(
          Extension.authorityKeyIdentifier,
          false,
          identifiers.createAuthorityKeyIdentifier(issuerKey.publicKey()));
      builder.addExtension(Extension.basicConstraints, true, constraints);
      builder.addExtension(
          Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
      if (crl != null) {
        builder.addExtension(Extension.cRLDistributionPoints, false, distributionPoint(crl));
      }
      return new JcaX509CertificateConverter()
          .getCertificate(builder.build(issuerKey.contentSigner()));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("cannot make a CA certificate", e);
    }
  }

  private static CRLDistPoint distributionPoint(URI crl) {
    GeneralName location = new GeneralName(GeneralName.uniformResourceIdentifier, crl.toString());
    DistributionPointName name = new DistributionPointName(new GeneralNames(location));
    return new CRLDistPoint(new DistributionPoint[] {new DistributionPoint(name, null, null)});
  }

  /** A random part keeps two installations apart: a name must mean one CA (RFC 5280, 4.1.2.6). */
  private X500Name name(String commonName) {
    X500NameBuilder builder = new X500NameBuilder(BCStyle.INSTANCE);
    builder.addRDN(BCStyle.O, new DERUTF8String("Muster"));
    builder.addRDN(
        BCStyle.CN, new DERUTF8String(commonName + String.format(" %08x", random.nextInt())));
    return builder.build();
  }

  private static Date date(Instant instant) {
    return Date.from(instant.truncatedTo(ChronoUnit.SECONDS));
  }
}
