/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.testing.TestPki;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.BERTags;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;

/**
 * Requests whose signature holds, so that what stands in their names and attributes is looked at:
 * the input is the subject, and behind it the attributes.
 */
class SignedCsrFuzzTest {
  private static final KeyPair KEYS = TestPki.newKey();
  private static final CryptoProviders CRYPTO = CryptoProviders.fastest();

  private final CsrVerifier verifier = new CsrVerifier(CRYPTO, BlockedKeys.NONE);

  @FuzzTest(maxDuration = "1m")
  void verify_anyNamesAndAttributes_grantsNothingButThem(byte[] subjectAndAttributes)
      throws IOException, OperatorCreationException {
    CsrCheck check = verifier.verify(signed(subjectAndAttributes));
    if (check instanceof CsrCheck.Accepted accepted) {
      assertThat(accepted.csr().key().getEncoded()).isEqualTo(KEYS.getPublic().getEncoded());
      assertThat(accepted.csr().names()).doesNotHaveDuplicates().hasSizeLessThanOrEqualTo(4);
    }
  }

  private static byte[] signed(byte[] subjectAndAttributes)
      throws IOException, OperatorCreationException {
    byte[] info = info(subjectAndAttributes);
    ContentSigner signer = CRYPTO.signer("SHA256withECDSA", KEYS.getPrivate());
    signer.getOutputStream().write(info);
    ByteArrayOutputStream request = new ByteArrayOutputStream();
    request.write(info);
    request.write(RawCsr.der(new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256)));
    request.write(RawCsr.der(new DERBitString(signer.getSignature())));
    return sequence(request.toByteArray());
  }

  private static byte[] info(byte[] subjectAndAttributes) throws IOException {
    // The subject is as long as its own header says, if that can be read; else it is all there is.
    int subject = lengthOfFirst(subjectAndAttributes);
    ByteArrayOutputStream info = new ByteArrayOutputStream();
    info.write(RawCsr.der(new ASN1Integer(0)));
    info.write(subjectAndAttributes, 0, subject);
    info.write(KEYS.getPublic().getEncoded());
    info.write(subjectAndAttributes, subject, subjectAndAttributes.length - subject);
    return sequence(info.toByteArray());
  }

  private static int lengthOfFirst(byte[] data) {
    boolean shortForm = data.length > 1 && data[1] >= 0 && data[1] + 2 <= data.length;
    return shortForm ? data[1] + 2 : data.length;
  }

  private static byte[] sequence(byte[] content) {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.write(BERTags.SEQUENCE | BERTags.CONSTRUCTED);
      // The shortest length (X.690, 10.1).
      if (content.length > 255) {
        out.write(0x82);
        out.write(content.length >> 8);
      } else if (content.length > 127) {
        out.write(0x81);
      }
      out.write(content.length);
      out.write(content);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
