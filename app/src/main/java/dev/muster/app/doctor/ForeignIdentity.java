/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import dev.muster.app.doctor.TlsClient.Identity;
import dev.muster.app.operator.CertificateRequest;
import java.io.IOException;
import java.io.StringReader;
import java.math.BigInteger;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/** A device's certificate to look at, but signed by itself. */
final class ForeignIdentity {
  private static final X500Name NAME = new X500Name("CN=doctor,O=default,OU=device");
  private static final Duration SKEW = Duration.ofMinutes(5);

  private ForeignIdentity() {}

  static Identity make(Instant now) {
    CertificateRequest request = CertificateRequest.create();
    try (PEMParser parser = new PEMParser(new StringReader(request.csrPem()))) {
      PKCS10CertificationRequest csr = (PKCS10CertificationRequest) parser.readObject();
      X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
          NAME,
          BigInteger.valueOf(now.toEpochMilli()),
          Date.from(now.minus(SKEW)),
          Date.from(now.plus(SKEW)),
          NAME,
          csr.getSubjectPublicKeyInfo());
      X509Certificate certificate = new JcaX509CertificateConverter()
          .getCertificate(
              builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(request.key())));
      return new Identity(request.key(), List.of(certificate));
    } catch (IOException | CertificateException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }
}
