/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.testing.TestPki;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.TBSCertificate;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Chains as a registered factory might make them: the input is what stands under the signatures of
 * one to four certificates, one behind the other. They are signed here, so that the judging does
 * not end with that: by the factory's root what says to come from it, and by the one key of all CAs
 * between whatever else.
 */
class IdevidChainFuzzTest {
  private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");
  private static final int MAX_CHAIN = 4;
  private static final String ROOT = "O=Acme,CN=Acme Device Root";
  private static final AlgorithmIdentifier ECDSA =
      new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);

  @TempDir
  static Path folder;

  static DeskBench bench;
  static PeerVerifier verifier;
  static PrivateKey rootKey;
  static PrivateKey keyBetween;

  @BeforeAll
  static void open() throws GeneralSecurityException {
    bench = new DeskBench(folder);
    TestPki.Credential root = TestPki.selfSigned(ROOT)
        .ca()
        .validity(NOW.minusSeconds(60), Instant.parse("2049-12-31T23:59:59Z"))
        .build();
    bench.addManufacturer("fuzzed", root.certificate());
    rootKey = root.key();
    keyBetween = keyBetween();
    verifier = new PeerVerifier(bench.trust, bench.authorities, CryptoProviders.fastest());
  }

  /** Its public half stands in the inputs that are kept. */
  private static PrivateKey keyBetween() throws GeneralSecurityException {
    AlgorithmParameters p256 = AlgorithmParameters.getInstance("EC");
    p256.init(new ECGenParameterSpec("secp256r1"));
    return KeyFactory.getInstance("EC")
        .generatePrivate(new ECPrivateKeySpec(
            new BigInteger("8f839e438d2c7f381ad758168edd135f7696054fb66cb5dd22482a0980181d58", 16),
            p256.getParameterSpec(ECParameterSpec.class)));
  }

  @AfterAll
  static void close() {
    bench.close();
  }

  @FuzzTest(maxDuration = "1m")
  void identify_anyChainOfTheFactory_isJudgedAndNeverThrows(byte[] toBeSigned) throws Exception {
    List<X509Certificate> chain;
    try {
      chain = chain(toBeSigned);
    } catch (CertificateException | IOException | IllegalArgumentException | ClassCastException e) {
      return; // TLS hands on nothing that is no certificate.
    }
    Peer peer = verifier.identify(chain, NOW);
    assertThat(peer).isNotInstanceOfAny(Peer.Operational.class, Peer.Service.class);
    if (peer instanceof Peer.Factory factory) {
      assertThat(factory.serial()).isNotEmpty();
      assertThat(factory.idevid()).isEqualTo(chain.get(0));
    }
  }

  /** What is kept to start from comes as far as it should. */
  @ParameterizedTest
  @CsvSource({
    "plain, SN-1",
    "usages, SN-2",
    "hardware-module, SN-3",
    "other-name-implicit, an otherName in its subjectAltName cannot be read",
    "ca, that of a CA",
    "constraints, SN-5",
    "chain-of-2, SN-6",
    "chain-of-3-in-disorder, SN-7",
    "chain-of-4, SN-8",
    "path-too-long, its chain is longer",
    "name-not-permitted, a name in its chain",
    "issuer-missing, issued by nobody we know",
  })
  void identify_inputThatIsKept_isJudgedRightly(String input, String expected) throws Exception {
    String path = "IdevidChainFuzzTestInputs/identify_anyChainOfTheFactory_isJudgedAndNeverThrows/";
    try (InputStream file = IdevidChainFuzzTest.class.getResourceAsStream(path + input)) {
      Peer peer = verifier.identify(chain(file.readAllBytes()), NOW);
      assertThat(
              peer instanceof Peer.Factory factory
                  ? factory.serial()
                  : ((Peer.Rejected) peer).reason())
          .contains(expected);
    }
  }

  private static List<X509Certificate> chain(byte[] toBeSigned)
      throws IOException, CertificateException, OperatorCreationException {
    List<X509Certificate> chain = new ArrayList<>();
    int position = 0;
    while (position < toBeSigned.length && chain.size() < MAX_CHAIN) {
      int end = position + lengthOfFirst(toBeSigned, position);
      chain.add(signed(Arrays.copyOfRange(toBeSigned, position, end)));
      position = end;
    }
    if (chain.isEmpty()) {
      throw new IOException("nothing");
    }
    return chain;
  }

  /** As its own header says, in one or two octets (X.690, 8.1.3); else it is all there is. */
  private static int lengthOfFirst(byte[] data, int start) {
    int left = data.length - start;
    int length = left;
    if (left > 3 && data[start + 1] == (byte) 0x82) {
      length = 4 + (data[start + 2] & 0xff) * 256 + (data[start + 3] & 0xff);
    } else if (left > 2 && data[start + 1] == (byte) 0x81) {
      length = 3 + (data[start + 2] & 0xff);
    }
    return Math.min(length, left);
  }

  private static X509Certificate signed(byte[] toBeSigned)
      throws IOException, CertificateException, OperatorCreationException {
    ASN1Encodable tbs = ASN1Primitive.fromByteArray(toBeSigned);
    if (tbs == null) {
      throw new IOException("nothing");
    }
    ContentSigner signer =
        CryptoProviders.fastest().signer("SHA256withECDSA", isRoots(tbs) ? rootKey : keyBetween);
    signer.getOutputStream().write(toBeSigned);
    byte[] der = new DERSequence(
            new ASN1Encodable[] {tbs, ECDSA, new DERBitString(signer.getSignature())})
        .getEncoded(ASN1Encoding.DER);
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  private static boolean isRoots(ASN1Encodable tbs) {
    try {
      return TBSCertificate.getInstance(tbs).getIssuer().equals(new X500Name(ROOT));
    } catch (RuntimeException e) {
      return true; // BouncyCastle's many ways to say that a structure is not what it should be.
    }
  }
}
