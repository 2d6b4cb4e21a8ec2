/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import dev.muster.protocol.file.Pem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.RuntimeOperatorException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;

/**
 * What a station asks of the manufacturer's CA: a request that the key has signed, and what it is
 * for.
 *
 * @param name the serial number of a device, the challenge of a proof, the name of a station
 * @param model of a device, as the order has it
 * @param request PKCS#10 (RFC 2986)
 */
record CertificationOrder(
    Purpose purpose,
    String name,
    @Nullable String model,
    PublicKey key,
    PKCS10CertificationRequest request) {
  /** What the certificate is for. */
  enum Purpose {
    /** A device's factory identity (IEEE 802.1AR). */
    IDEVID,
    /** Signs one manifest. */
    MANIFEST,
    /** Shows a service that the CA's key is at hand. */
    PROOF
  }

  /**
   * For a device.
   *
   * @throws FactoryException if its key does not sign, or signs as another
   */
  static CertificationOrder idevid(IdevidOrder order, KeyPair keys, X509Certificate ca) {
    return signed(
        Purpose.IDEVID,
        order.serial(),
        order.model(),
        keys,
        FactoryCertificates.deviceName(ca, order.serial()));
  }

  /** For a station that signs a manifest. */
  static CertificationOrder manifest(KeyPair keys, X509Certificate ca) {
    return signed(
        Purpose.MANIFEST,
        FactoryCertificates.STATION,
        null,
        keys,
        FactoryCertificates.stationName(ca));
  }

  /** For a challenge. */
  static CertificationOrder proof(String challenge, KeyPair keys) {
    return signed(
        Purpose.PROOF, challenge, null, keys, FactoryCertificates.challengeName(challenge));
  }

  private static CertificationOrder signed(
      Purpose purpose, String name, @Nullable String model, KeyPair keys, X500Name subject) {
    try {
      PKCS10CertificationRequest request = new JcaPKCS10CertificationRequestBuilder(
              subject, keys.getPublic())
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
      // A CA would refuse it without a word of which key it was.
      if (!request.isSignatureValid(
          new JcaContentVerifierProviderBuilder().build(keys.getPublic()))) {
        throw new FactoryException("its signature is not that of its public key");
      }
      return new CertificationOrder(purpose, name, model, keys.getPublic(), request);
    } catch (OperatorCreationException | RuntimeOperatorException | PKCSException e) {
      Throwable cause = e.getCause() instanceof GeneralSecurityException reason ? reason : e;
      throw new FactoryException("does not sign: " + cause.getMessage(), e);
    }
  }

  /** What its certificate has to be called. */
  X500Name subject() {
    return request.getSubject();
  }

  /** The request as text (RFC 7468). */
  String pem() {
    try {
      return Pem.ofCertificationRequest(request.getEncoded());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SHA-256 of the public key: the same as long as the key is, however often it asks. */
  String fingerprint() {
    return Label.fingerprint(key);
  }

  /** For the program that asks the CA. No secret is among them. */
  Map<String, String> environment() {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("FACTORY_REQUEST", purpose.name().toLowerCase(Locale.ROOT));
    variables.put("FACTORY_KEY", fingerprint());
    if (purpose == Purpose.IDEVID) {
      variables.put("FACTORY_SERIAL", name);
      variables.put("FACTORY_MODEL", model == null ? "" : model);
    }
    return variables;
  }

  @Override
  public String toString() {
    return switch (purpose) {
      case IDEVID -> "IDevID of " + name;
      case MANIFEST -> "certificate of a manifest's signer";
      case PROOF -> "proof of " + name;
    };
  }
}
