/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.Visitor.Identity;
import dev.muster.app.operator.CertificateRequest;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A device's certificate to look at, by a CA of the right name: only the signature is wrong. */
final class ForeignIdentity {
  private static final X500Principal NAME = new X500Principal("CN=doctor,O=default,OU=device");
  private static final Duration SKEW = Duration.ofMinutes(5);

  private ForeignIdentity() {}

  /** @param issuer the name that it claims to come from */
  static Identity make(X500Principal issuer, Instant now) {
    CertificateRequest request = CertificateRequest.create();
    try {
      X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
              issuer,
              BigInteger.valueOf(now.toEpochMilli()),
              Date.from(now.minus(SKEW)),
              Date.from(now.plus(SKEW)),
              NAME,
              request.publicKey())
          .addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
          .addExtension(
              Extension.extendedKeyUsage,
              false,
              new ExtendedKeyUsage(KeyPurposeId.id_kp_clientAuth));
      X509Certificate certificate = new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(request.key())));
      return new Identity(request.key(), List.of(certificate));
    } catch (IOException | CertificateException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }
}
