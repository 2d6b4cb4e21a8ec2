/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import dev.muster.enrollment.crypto.CryptoProviders;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.SignerInfoGenerator;
import org.bouncycastle.cms.SignerInfoGeneratorBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

/**
 * Signs checkpoints, as CMS SignedData (RFC 5652) with its certificates inside, so that
 * {@code openssl cms -verify} needs the root and nothing else.
 *
 * <p>Thread-safe.
 */
public final class CheckpointSigner {
  private final PrivateKey key;
  private final List<X509Certificate> chain;
  private final CryptoProviders crypto;

  /** @param chain of the signer, its own certificate first, without the root */
  public CheckpointSigner(PrivateKey key, List<X509Certificate> chain, CryptoProviders crypto) {
    this.key = key;
    this.chain = List.copyOf(chain);
    this.crypto = crypto;
  }

  /** Who signs. */
  public X509Certificate certificate() {
    return chain.get(0);
  }

  byte[] sign(Checkpoint checkpoint) {
    try {
      CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
      SignerInfoGenerator signer = new SignerInfoGeneratorBuilder(
              new JcaDigestCalculatorProviderBuilder().build())
          .build(
              crypto.signer("SHA256withECDSA", key),
              new org.bouncycastle.cert.jcajce.JcaX509CertificateHolder(certificate()));
      generator.addSignerInfoGenerator(signer);
      generator.addCertificates(new JcaCertStore(chain));
      byte[] text = checkpoint.text().getBytes(StandardCharsets.US_ASCII);
      return generator
          .generate(new CMSProcessableByteArray(text), true)
          .toASN1Structure()
          .getEncoded(ASN1Encoding.DER);
    } catch (GeneralSecurityException | OperatorCreationException | CMSException | IOException e) {
      throw new IllegalStateException("audit: a checkpoint cannot be signed", e);
    }
  }
}
