/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.pkcs.CertificationRequestInfo;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/** Requests put together from parts that do not fit, as no library would make them. */
final class RawCsr {
  private final CertificationRequestInfo info;

  private RawCsr(SubjectPublicKeyInfo key) {
    info = new CertificationRequestInfo(new X500Name("CN=a"), key, null);
  }

  static RawCsr of(SubjectPublicKeyInfo key) {
    return new RawCsr(key);
  }

  static RawCsr of(KeyPair keys) {
    return of(SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded()));
  }

  /** Signs rightly. */
  byte[] sign(KeyPair keys, String jcaName) {
    try {
      Signature signature = Signature.getInstance(jcaName);
      signature.initSign(keys.getPrivate());
      signature.update(der(info));
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  byte[] with(AlgorithmIdentifier algorithm, byte[] signature) {
    return with(algorithm, new DERBitString(signature));
  }

  byte[] with(AlgorithmIdentifier algorithm, DERBitString signature) {
    return der(new DERSequence(new ASN1Encodable[] {info, algorithm, signature}));
  }

  static byte[] der(ASN1Encodable value) {
    try {
      return value.toASN1Primitive().getEncoded(ASN1Encoding.DER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static KeyPair keys(String algorithm, String curve, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (!curve.isEmpty()) {
        generator.initialize(new ECGenParameterSpec(curve));
      } else if (bits > 0) {
        generator.initialize(bits);
      }
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
