/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Provider;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.conscrypt.Conscrypt;

/** A device with everything made beforehand that only costs the client: keys, IDevID, requests. */
final class BenchDevice {
  private static final Provider CRYPTO = Conscrypt.newProvider();

  final TestPki.Credential identity;
  final SSLContext idevid;
  /** Of the first certificate, in base64. */
  final byte[] csr;

  final byte[] enrollment;
  /** Once: who renews a certificate again takes back what it got before. */
  final byte[] renewal;

  private final KeyPair first;
  private final TrustManager[] trust;

  BenchDevice(TestPki.Credential factory, String serial, TrustManager[] trust) {
    this.trust = trust;
    this.identity = factory
        .issue("SERIALNUMBER=" + serial)
        .key(newKey())
        .withoutUsages()
        .validity(Instant.now().minusSeconds(60), Instant.now().plusSeconds(864_000))
        .build();
    this.idevid = EstConnection.identity(identity.key(), identity.chain(), trust);
    this.first = newKey();
    this.csr = csr(first);
    this.enrollment = EstConnection.request("simpleenroll", csr);
    this.renewal = EstConnection.request("simplereenroll", csr(newKey()));
  }

  private static KeyPair newKey() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", CRYPTO);
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] csr(KeyPair keys) {
    try {
      byte[] der = new JcaPKCS10CertificationRequestBuilder(new X500Name(""), keys.getPublic())
          .build(new JcaContentSignerBuilder("SHA256withECDSA")
              .setProvider(CRYPTO)
              .build(keys.getPrivate()))
          .getEncoded();
      return Base64.getEncoder().encode(der);
    } catch (IOException | OperatorCreationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** What it connects with from now on. @param answer of the server to the enrollment */
  SSLContext ldevid(byte[] answer) {
    try {
      X509CertificateHolder issued = new CMSSignedData(Base64.getDecoder().decode(answer))
          .getCertificates()
          .getMatches(null)
          .iterator()
          .next();
      return EstConnection.identity(
          first.getPrivate(),
          List.of(new JcaX509CertificateConverter().getCertificate(issued)),
          trust);
    } catch (CMSException | GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
