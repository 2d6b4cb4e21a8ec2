/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.KeyProtection;
import dev.muster.enrollment.issuance.IssuanceException;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.sec.SECObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cms.CMSEnvelopedDataGenerator;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSProcessableByteArray;
import org.bouncycastle.cms.CMSSignedDataGenerator;
import org.bouncycastle.cms.RecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.cms.jcajce.JceKeyAgreeRecipientInfoGenerator;
import org.bouncycastle.cms.jcajce.JceKeyTransRecipientInfoGenerator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.jspecify.annotations.Nullable;

/**
 * What a generated key travels in: signed by us, then encrypted to the key of the certificate that
 * the client has shown (RFC 7030, 4.4.2; RFC 5958, 4). All of it is chosen from what the client
 * says it can decrypt.
 *
 * @param recipient the client's certificate
 * @param keyId its key, as the client named it, in hexadecimal digits
 * @param content how the key is encrypted
 * @param wrap how the key of that encryption is
 */
record KeyEnvelope(
    X509Certificate recipient,
    String keyId,
    ASN1ObjectIdentifier content,
    ASN1ObjectIdentifier wrap) {
  private static final int KEY_ENCIPHERMENT = 2;
  private static final int KEY_AGREEMENT = 4;

  /** id-ct-KP-aKeyPackage (RFC 5958, 2). */
  private static final ASN1ObjectIdentifier KEY_PACKAGE =
      new ASN1ObjectIdentifier("2.16.840.1.101.2.1.2.78.5");

  private static final List<ASN1ObjectIdentifier> CONTENT =
      List.of(NISTObjectIdentifiers.id_aes256_CBC, NISTObjectIdentifiers.id_aes128_CBC);
  private static final List<ASN1ObjectIdentifier> EC_WRAP =
      List.of(NISTObjectIdentifiers.id_aes256_wrap, NISTObjectIdentifiers.id_aes128_wrap);
  private static final List<ASN1ObjectIdentifier> RSA_WRAP =
      List.of(PKCSObjectIdentifiers.id_RSAES_OAEP, PKCSObjectIdentifiers.rsaEncryption);

  private static final OAEPParameterSpec OAEP_SHA256 = new OAEPParameterSpec(
      "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, PSource.PSpecified.DEFAULT);

  /** Key agreement is beyond the JDK; named here, and never among the JVM's own providers. */
  private static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();

  /** What came of looking at the client's wishes. */
  sealed interface Choice {
    /** Nothing but TLS. */
    record Plain() implements Choice {}

    record Sealed(KeyEnvelope envelope) implements Choice {}

    record Impossible(CsrCheck.Refused refusal) implements Choice {}
  }

  static Choice choose(KeyProtection wish, @Nullable X509Certificate client) {
    if (wish.secretKey() != null) {
      return impossible(
          "decryptKeyIdentifier", "no secret key of that name here (expected: a public key)");
    }
    String keyId = wish.publicKey();
    if (keyId == null) {
      return new Choice.Plain();
    }
    if (client == null || !names(keyId, client)) {
      return impossible(
          "asymmetricDecryptKeyIdentifier",
          "no key that is known here (expected: the subject key identifier of the client"
              + " certificate)");
    }
    boolean ec = client.getPublicKey() instanceof ECPublicKey;
    if (!ec && !(client.getPublicKey() instanceof RSAPublicKey)) {
      return impossible(
          "asymmetricDecryptKeyIdentifier",
          client.getPublicKey().getAlgorithm()
              + " key of the client certificate (expected: one of RSA, or on a NIST curve)");
    }
    boolean @Nullable [] usage = client.getKeyUsage();
    if (usage != null && !usage[ec ? KEY_AGREEMENT : KEY_ENCIPHERMENT]) {
      return impossible(
          "asymmetricDecryptKeyIdentifier",
          "key usage of the client certificate (expected: "
              + (ec ? "keyAgreement" : "keyEncipherment") + ", or unrestricted)");
    }
    Optional<ASN1ObjectIdentifier> content = first(CONTENT, wish.algorithms());
    Optional<ASN1ObjectIdentifier> wrap = first(ec ? EC_WRAP : RSA_WRAP, wish.algorithms());
    return content.isPresent() && wrap.isPresent()
        ? new Choice.Sealed(new KeyEnvelope(client, keyId, content.get(), wrap.get()))
        : impossible(
            "SMIMECapabilities",
            "nothing that fits (expected: AES-256 or AES-128 in CBC mode, and "
                + (ec ? "AES key wrap" : "RSAES-OAEP or rsaEncryption") + ")");
  }

  private static Choice impossible(String field, String detail) {
    return new Choice.Impossible(new CsrCheck.Refused(field, detail));
  }

  private static Optional<ASN1ObjectIdentifier> first(
      List<ASN1ObjectIdentifier> ours, List<String> theirs) {
    return theirs.stream()
        .flatMap(one -> ours.stream().filter(known -> known.getId().equals(one)))
        .findFirst();
  }

  private static boolean names(String keyId, X509Certificate client) {
    byte[] wanted = HexFormat.of().parseHex(keyId);
    byte[] extension = client.getExtensionValue(Extension.subjectKeyIdentifier.getId());
    if (extension != null) {
      byte[] own = ASN1OctetString.getInstance(
              ASN1OctetString.getInstance(extension).getOctets())
          .getOctets();
      if (Arrays.equals(own, wanted)) {
        return true;
      }
    }
    return Arrays.equals(identifier(client.getPublicKey()), wanted);
  }

  /** As RFC 5280, 4.2.1.2 (1) derives it. */
  private static byte[] identifier(PublicKey key) {
    try {
      return new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key).getKeyIdentifier();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no SHA-1", e);
    }
  }

  /** Signs and seals. */
  byte[] seal(PrivateKey key, ServiceCredential signer) {
    try {
      byte[] keyPackage = new DERSequence(PrivateKeyInfo.getInstance(key.getEncoded()))
          .getEncoded(ASN1Encoding.DER);
      CMSEnvelopedDataGenerator generator = new CMSEnvelopedDataGenerator();
      generator.addRecipientInfoGenerator(recipientInfo());
      return generator
          .generate(
              new CMSProcessableByteArray(
                  PKCSObjectIdentifiers.signedData, sign(keyPackage, signer)),
              new JceCMSContentEncryptorBuilder(content)
                  .setProvider(BOUNCY_CASTLE)
                  .build())
          .toASN1Structure()
          .getEncoded(ASN1Encoding.DER);
    } catch (CMSException | IOException | GeneralSecurityException | OperatorCreationException e) {
      throw new IssuanceException("a generated key cannot be sealed", e);
    }
  }

  /** By whoever made the key (RFC 7030, 4.4.2). */
  private static byte[] sign(byte[] keyPackage, ServiceCredential signer)
      throws CMSException, GeneralSecurityException, OperatorCreationException, IOException {
    String algorithm =
        signer.key().getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA";
    CMSSignedDataGenerator generator = new CMSSignedDataGenerator();
    generator.addSignerInfoGenerator(new JcaSimpleSignerInfoGeneratorBuilder()
        .build(algorithm, signer.key(), signer.certificate()));
    generator.addCertificates(new JcaCertStore(signer.chain()));
    return generator
        .generate(new CMSProcessableByteArray(KEY_PACKAGE, keyPackage), true)
        .toASN1Structure()
        .getContent()
        .toASN1Primitive()
        .getEncoded(ASN1Encoding.DER);
  }

  private RecipientInfoGenerator recipientInfo() throws GeneralSecurityException {
    byte[] id = HexFormat.of().parseHex(keyId);
    PublicKey key = recipient.getPublicKey();
    if (!(key instanceof ECPublicKey ec)) {
      return transport(id, key);
    }
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(ec.getParams());
    KeyPair ephemeral = generator.generateKeyPair();
    return new JceKeyAgreeRecipientInfoGenerator(
            SECObjectIdentifiers.dhSinglePass_stdDH_sha256kdf_scheme,
            ephemeral.getPrivate(),
            ephemeral.getPublic(),
            wrap)
        .addRecipient(id, key)
        .setProvider(BOUNCY_CASTLE);
  }

  private RecipientInfoGenerator transport(byte[] id, PublicKey key)
      throws GeneralSecurityException {
    if (wrap.equals(PKCSObjectIdentifiers.rsaEncryption)) {
      return new JceKeyTransRecipientInfoGenerator(id, key).setProvider(BOUNCY_CASTLE);
    }
    AlgorithmIdentifier oaep = new JcaAlgorithmParametersConverter()
        .getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP, OAEP_SHA256);
    return new JceKeyTransRecipientInfoGenerator(id, oaep, key).setProvider(BOUNCY_CASTLE);
  }
}
