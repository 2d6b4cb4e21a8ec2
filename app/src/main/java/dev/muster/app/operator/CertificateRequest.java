/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/**
 * A new P-256 key and a request that proves we hold it. Names nobody: the server decides the
 * subject.
 */
public final class CertificateRequest {
  private final KeyPair keys;

  private CertificateRequest(KeyPair keys) {
    this.keys = keys;
  }

  public static CertificateRequest create() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      return new CertificateRequest(generator.generateKeyPair());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Stays here. */
  public PrivateKey key() {
    return keys.getPrivate();
  }

  public PublicKey publicKey() {
    return keys.getPublic();
  }

  /** PKCS#8. */
  public String keyPem() {
    return pem(writer -> writer.writeObject(new JcaPKCS8Generator(keys.getPrivate(), null)));
  }

  /** PKCS#10. */
  public String csrPem() {
    return pem(writer -> {
      try {
        PKCS10CertificationRequest request = new JcaPKCS10CertificationRequestBuilder(
                new X500Name(new RDN[0]), keys.getPublic())
            .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
        writer.writeObject(request);
      } catch (OperatorCreationException e) {
        throw new IllegalStateException(e);
      }
    });
  }

  private interface PemBody {
    void writeTo(JcaPEMWriter writer) throws IOException;
  }

  private static String pem(PemBody body) {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      body.writeTo(writer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }
}
