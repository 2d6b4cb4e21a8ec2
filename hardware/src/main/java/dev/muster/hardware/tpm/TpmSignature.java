/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import dev.muster.device.key.KeyUnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.InvalidKeyException;
import java.security.InvalidParameterException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SignatureException;
import java.security.SignatureSpi;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERSequence;
import org.jspecify.annotations.Nullable;

/** ECDSA on P-256 with a {@link TpmPrivateKey}. The JDK itself verifies. */
final class TpmSignature extends SignatureSpi {
  private static final int DIGEST_BYTES = 32;

  private final Input input;
  private @Nullable TpmPrivateKey key;

  /** Takes what is to be signed, and gives its digest. */
  private interface Input {
    void update(byte[] bytes, int offset, int length);

    byte[] digest();
  }

  private TpmSignature(Input input) {
    this.input = input;
  }

  /** SHA256withECDSA. */
  static TpmSignature ofData() {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
    return new TpmSignature(new Input() {
      @Override
      public void update(byte[] bytes, int offset, int length) {
        sha256.update(bytes, offset, length);
      }

      @Override
      public byte[] digest() {
        return sha256.digest();
      }
    });
  }

  /** NONEwithECDSA. */
  static TpmSignature ofDigest() {
    ByteArrayOutputStream digest = new ByteArrayOutputStream(DIGEST_BYTES);
    return new TpmSignature(new Input() {
      @Override
      public void update(byte[] bytes, int offset, int length) {
        digest.write(bytes, offset, length);
      }

      @Override
      public byte[] digest() {
        byte[] given = digest.toByteArray();
        digest.reset();
        return given;
      }
    });
  }

  @Override
  protected void engineInitSign(PrivateKey privateKey) throws InvalidKeyException {
    if (!(privateKey instanceof TpmPrivateKey inTpm)) {
      throw new InvalidKeyException("not a key in a TPM");
    }
    key = inTpm;
    input.digest(); // What was not signed is forgotten.
  }

  @Override
  protected void engineUpdate(byte octet) {
    input.update(new byte[] {octet}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] bytes, int offset, int length) {
    input.update(bytes, offset, length);
  }

  @Override
  protected byte[] engineSign() throws SignatureException {
    TpmPrivateKey signing = key;
    byte[] digest = input.digest();
    if (signing == null || digest.length != DIGEST_BYTES) {
      throw new SignatureException(
          "digest of " + digest.length + " bytes (expected: 32, of SHA-256)");
    }
    try {
      TpmCommands.EcdsaSignature signature = signing.sign(digest);
      return new DERSequence(
              new ASN1Encodable[] {new ASN1Integer(signature.r()), new ASN1Integer(signature.s())})
          .getEncoded();
    } catch (TpmException | KeyUnavailableException | IOException e) {
      throw new SignatureException(e.getMessage(), e);
    }
  }

  @Override
  protected void engineInitVerify(PublicKey publicKey) throws InvalidKeyException {
    throw new InvalidKeyException("signs only (expected: another provider verifies)");
  }

  @Override
  protected boolean engineVerify(byte[] signature) throws SignatureException {
    throw new SignatureException("signs only");
  }

  @Override
  @Deprecated
  protected void engineSetParameter(String name, Object value) {
    throw new InvalidParameterException("takes no parameters");
  }

  @Override
  @Deprecated
  protected Object engineGetParameter(String name) {
    throw new InvalidParameterException("has no parameters");
  }
}
