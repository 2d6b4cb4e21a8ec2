/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class CsrVerifierTest {
  private static final KeyPair P256 = TestPki.newKey();

  private final CsrVerifier verifier = new CsrVerifier();

  private static byte[] csr(
      KeyPair keys,
      KeyPair signer,
      String algorithm,
      String subject,
      UnaryOperator<PKCS10CertificationRequestBuilder> more) {
    try {
      PKCS10CertificationRequestBuilder builder =
          new JcaPKCS10CertificationRequestBuilder(new X500Name(subject), keys.getPublic());
      return more.apply(builder)
          .build(new JcaContentSignerBuilder(algorithm).build(signer.getPrivate()))
          .getEncoded();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] csr(String subject, UnaryOperator<PKCS10CertificationRequestBuilder> more) {
    return csr(P256, P256, "SHA256withECDSA", subject, more);
  }

  private static KeyPair keys(String algorithm, String curve, int bits) {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      if (!curve.isEmpty()) {
        generator.initialize(new ECGenParameterSpec(curve));
      } else if (bits > 0) {
        generator.initialize(bits);
      }
      return generator.generateKeyPair();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static UnaryOperator<PKCS10CertificationRequestBuilder> extension(
      ASN1ObjectIdentifier type, org.bouncycastle.asn1.ASN1Encodable value) {
    return builder -> {
      try {
        ExtensionsGenerator extensions = new ExtensionsGenerator();
        extensions.addExtension(type, true, value);
        return builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    };
  }

  static List<Arguments> accepted() {
    KeyPair p384 = keys("EC", "secp384r1", 0);
    KeyPair rsa = keys("RSA", "", 3072);
    KeyPair ed = keys("Ed25519", "", 0);
    UnaryOperator<PKCS10CertificationRequestBuilder> as = UnaryOperator.identity();
    return List.of(
        Arguments.of("P-256", csr("", as)),
        Arguments.of("P-384", csr(p384, p384, "SHA384withECDSA", "CN=a", as)),
        Arguments.of("RSA 3072", csr(rsa, rsa, "SHA256withRSA", "CN=a", as)),
        Arguments.of("Ed25519", csr(ed, ed, "Ed25519", "CN=a", as)),
        Arguments.of(
            "CA:FALSE",
            csr("CN=a", extension(Extension.basicConstraints, new BasicConstraints(false)))),
        // As libest's client does with csrattrs.
        Arguments.of(
            "key type and algorithm, repeated as attributes without a value",
            csr(
                "CN=a",
                builder -> builder
                    .addAttribute(X9ObjectIdentifiers.id_ecPublicKey, new DERUTF8String(""))
                    .addAttribute(X9ObjectIdentifiers.prime256v1, new DERUTF8String(""))
                    .addAttribute(X9ObjectIdentifiers.ecdsa_with_SHA256, new DERUTF8String("")))),
        Arguments.of(
            "digitalSignature",
            csr("CN=a", extension(Extension.keyUsage, new KeyUsage(KeyUsage.digitalSignature)))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("accepted")
  void sound_isAccepted(String name, byte[] der) {
    assertThat(verifier.verify(der)).isInstanceOf(CsrCheck.Accepted.class);
  }

  static List<Arguments> refused() {
    KeyPair other = TestPki.newKey();
    KeyPair rsa2048 = keys("RSA", "", 2048);
    KeyPair p521 = keys("EC", "secp521r1", 0);
    UnaryOperator<PKCS10CertificationRequestBuilder> as = UnaryOperator.identity();
    byte[] good = csr("CN=a", as);
    byte[] trailing = Arrays.copyOf(good, good.length + 1);
    byte[] cut = Arrays.copyOf(good, good.length - 1);
    return List.of(
        Arguments.of("nothing", new byte[0], "CSR"),
        Arguments.of("trailing byte", trailing, "CSR"),
        Arguments.of("cut short", cut, "CSR"),
        Arguments.of("another structure", new byte[] {0x30, 0x03, 0x02, 0x01, 0x00}, "CSR"),
        Arguments.of("indefinite length", new byte[] {0x30, (byte) 0x80, 0, 0}, "CSR"),
        Arguments.of("too long", new byte[9000], "CSR"),
        Arguments.of("other signer", csr(P256, other, "SHA256withECDSA", "CN=a", as), "signature"),
        Arguments.of("SHA-1", csr(P256, P256, "SHA1withECDSA", "CN=a", as), "signatureAlgorithm"),
        Arguments.of("RSA 2048", csr(rsa2048, rsa2048, "SHA256withRSA", "CN=a", as), "publicKey"),
        Arguments.of("P-521", csr(p521, p521, "SHA512withECDSA", "CN=a", as), "publicKey"),
        Arguments.of(
            "CA:TRUE",
            csr("CN=a", extension(Extension.basicConstraints, new BasicConstraints(true))),
            "basicConstraints"),
        Arguments.of(
            "keyCertSign",
            csr("CN=a", extension(Extension.keyUsage, new KeyUsage(KeyUsage.keyCertSign))),
            "keyUsage"),
        Arguments.of(
            "unknown extension",
            csr("CN=a", extension(new ASN1ObjectIdentifier("1.2.3"), new DERUTF8String("x"))),
            "extension"),
        Arguments.of(
            "extension that is none",
            csr("CN=a", extension(Extension.subjectAlternativeName, new DERUTF8String("x"))),
            "CSR"),
        Arguments.of(
            "unknown attribute",
            csr(
                "CN=a",
                builder -> builder.addAttribute(
                    new ASN1ObjectIdentifier("1.3.6.1.5.5.7.7.36"), new DERPrintableString("x"))),
            "changeSubjectName"),
        Arguments.of(
            "otpChallenge, which we do not evaluate",
            csr(
                "CN=a",
                builder -> builder.addAttribute(
                    PKCSObjectIdentifiers.id_aa.branch("56"), new DERPrintableString("x"))),
            "attribute"),
        Arguments.of(
            "key type, as an attribute that says something",
            csr(
                "CN=a",
                builder -> builder.addAttribute(
                    X9ObjectIdentifiers.id_ecPublicKey, X9ObjectIdentifiers.prime256v1)),
            "attribute"),
        Arguments.of("multi-valued", csr("CN=a+O=b", as), "subject"),
        Arguments.of("two CN", csr("CN=a,CN=b", as), "subject"),
        Arguments.of("country", csr("C=US,CN=a", as), "subject"));
  }

  @ParameterizedTest(name = "{0}: {2}")
  @MethodSource("refused")
  void unsound_isRefusedNamingTheField(String name, byte[] der, String field) {
    CsrCheck check = verifier.verify(der);
    assertThat(check).isInstanceOf(CsrCheck.Refused.class);
    assertThat(((CsrCheck.Refused) check).field()).isEqualTo(field);
    assertThat(((CsrCheck.Refused) check).detail()).isNotEmpty();
  }

  @Test
  void everyFlippedByte_isRefusedOrStillSound_neverAnException() {
    byte[] good =
        csr("CN=a", extension(Extension.keyUsage, new KeyUsage(KeyUsage.digitalSignature)));
    Random random = new Random(42);
    for (int i = 0; i < good.length; i++) {
      byte[] bad = good.clone();
      bad[i] ^= (byte) (1 + random.nextInt(255));
      assertThat(verifier.verify(bad)).as("byte " + i).isInstanceOf(CsrCheck.Refused.class);
    }
  }

  @Test
  void randomBytes_areRefused() {
    Random random = new Random(43);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (bytes.length > 1) {
        bytes[0] = 0x30;
      }
      assertThat(verifier.verify(bytes)).isInstanceOf(CsrCheck.Refused.class);
    }
  }
}
