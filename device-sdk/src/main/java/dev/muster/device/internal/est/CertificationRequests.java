/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.ExtensionWish;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.security.InvalidKeyException;
import java.security.KeyPair;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.Signature;
import java.security.SignatureException;
import java.util.HexFormat;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.pkcs.PKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Writes PKCS#10 (RFC 2986): a key, a name, and what the server wants to be asked for. */
final class CertificationRequests {
  private CertificationRequests() {}

  /** @param subject empty to leave the name to the registrar */
  static byte[] write(KeyPair keys, X500Principal subject, List<ExtensionWish> extensions) {
    try {
      PKCS10CertificationRequestBuilder builder =
          new JcaPKCS10CertificationRequestBuilder(subject, keys.getPublic());
      if (!extensions.isEmpty()) {
        builder.addAttribute(
            PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions(extensions));
      }
      return builder.build(new Signer(keys.getPrivate())).getEncoded();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Extensions extensions(List<ExtensionWish> wishes) {
    return new Extensions(wishes.stream()
        .map(wish -> new Extension(
            new ASN1ObjectIdentifier(wish.type()),
            wish.critical(),
            new DEROctetString(HexFormat.of().parseHex(String.valueOf(wish.value())))))
        .toArray(Extension[]::new));
  }

  /** Signs as the key's provider does. BouncyCastle's own brings its tables of all algorithms. */
  private static final class Signer extends OutputStream implements ContentSigner {
    private final Signature signature;

    Signer(PrivateKey key) {
      try {
        signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(key);
      } catch (InvalidKeyException | ProviderException e) {
        throw unavailable(e); // Of hardware that has lost it, or lost its session.
      } catch (NoSuchAlgorithmException e) {
        throw new IllegalStateException("ECDSA is missing from this Java runtime", e);
      }
    }

    @Override
    public AlgorithmIdentifier getAlgorithmIdentifier() {
      return new AlgorithmIdentifier(new ASN1ObjectIdentifier(CsrAttributes.ECDSA_WITH_SHA256));
    }

    @Override
    public OutputStream getOutputStream() {
      return this;
    }

    @Override
    public void write(int octet) {
      write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] buffer, int offset, int length) {
      try {
        signature.update(buffer, offset, length);
      } catch (SignatureException | ProviderException e) {
        throw unavailable(e);
      }
    }

    @Override
    public byte[] getSignature() {
      try {
        return signature.sign();
      } catch (SignatureException | ProviderException e) {
        throw unavailable(e);
      }
    }

    private static KeyUnavailableException unavailable(Exception e) {
      return new KeyUnavailableException("the key does not sign: " + e.getMessage(), e);
    }
  }
}
