/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Provider;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate that says nothing but which public key belongs to a private one of a token. */
final class PlaceholderCertificate {
  /** RFC 5280, 4.1.2.5: no end that is known. */
  private static final Instant NEVER = Instant.parse("9999-12-31T23:59:59Z");

  private PlaceholderCertificate() {}

  static X509Certificate of(KeyPair keys, String label, Provider signer)
      throws GeneralSecurityException {
    X500Name name = new X500NameBuilder().addRDN(BCStyle.CN, label).build();
    try {
      return new JcaX509CertificateConverter()
          .getCertificate(new JcaX509v3CertificateBuilder(
                  name,
                  BigInteger.ONE,
                  Date.from(Instant.EPOCH),
                  Date.from(NEVER),
                  name,
                  keys.getPublic())
              .build(new JcaContentSignerBuilder("SHA256withECDSA")
                  .setProvider(signer)
                  .build(keys.getPrivate())));
    } catch (OperatorCreationException e) {
      throw new GeneralSecurityException(e);
    }
  }
}
