/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.enrollment.crypto.CryptoProviders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/**
 * IDevIDs as a registered factory might make them: the input is what stands under the factory's
 * signature, which is made here so that the judging does not end with it.
 */
class IdevidChainFuzzTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  @TempDir
  static Path folder;

  static DeskBench bench;
  static PeerVerifier verifier;

  @BeforeAll
  static void open() {
    bench = new DeskBench(folder);
    verifier = new PeerVerifier(bench.trust, bench.authorities, CryptoProviders.fastest());
  }

  @AfterAll
  static void close() {
    bench.close();
  }

  @FuzzTest(maxDuration = "1m")
  void identify_anyCertificateOfTheFactory_isJudgedAndNeverThrows(byte[] toBeSigned)
      throws Exception {
    X509Certificate certificate;
    try {
      certificate = signed(toBeSigned);
    } catch (CertificateException | IOException | IllegalArgumentException | ClassCastException e) {
      return; // TLS hands on nothing that is no certificate.
    }
    Peer peer = verifier.identify(List.of(certificate), NOW);
    assertThat(peer).isNotInstanceOfAny(Peer.Operational.class, Peer.Service.class);
    if (peer instanceof Peer.Factory factory) {
      assertThat(factory.serial()).isNotEmpty();
    }
  }

  private static X509Certificate signed(byte[] toBeSigned)
      throws IOException, CertificateException, OperatorCreationException {
    ContentSigner signer = CryptoProviders.fastest().signer("SHA256withECDSA", bench.factory.key());
    signer.getOutputStream().write(toBeSigned);
    ASN1Encodable tbs = ASN1Primitive.fromByteArray(toBeSigned);
    if (tbs == null) {
      throw new IOException("nothing");
    }
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    der.write(new DERSequence(new ASN1Encodable[] {
          tbs,
          new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256),
          new DERBitString(signer.getSignature())
        })
        .getEncoded(ASN1Encoding.DER));
    Certificate certificate = CertificateFactory.getInstance("X.509")
        .generateCertificate(new ByteArrayInputStream(der.toByteArray()));
    return (X509Certificate) certificate;
  }
}
