/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import javax.crypto.spec.SecretKeySpec;

/**
 * A secret that only the TPM of an endorsement key can read, and only if a key of a certain public
 * area is in it (TPM 2.0, part 1, 24: what TPM2_MakeCredential does, without a TPM).
 */
final class CredentialChallenge {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int SECRET_BYTES = 32;
  private static final int AES_BITS = 128;
  private static final int MAC_BITS = 256;

  private final RSAPublicKey endorsementKey;
  private final byte[] secret;
  private final byte[] blob;
  private final byte[] encryptedSeed;

  private CredentialChallenge(
      RSAPublicKey endorsementKey, byte[] secret, byte[] blob, byte[] encryptedSeed) {
    this.endorsementKey = endorsementKey;
    this.secret = secret;
    this.blob = blob;
    this.encryptedSeed = encryptedSeed;
  }

  /**
   * Makes one.
   *
   * @param endorsementKey of RSA, with SHA-256 and AES-128 (TCG's template L-1)
   * @param publicArea of the key that has to be in the TPM; its name is of SHA-256
   */
  static CredentialChallenge make(RSAPublicKey endorsementKey, byte[] publicArea) {
    byte[] secret = random();
    byte[] seed = random();
    byte[] name =
        new TpmWriter().u16(EccPublic.SHA256).bytes(sha256(publicArea)).toBytes();
    try {
      Cipher cipher = Cipher.getInstance("AES/CFB/NoPadding");
      cipher.init(
          Cipher.ENCRYPT_MODE,
          new SecretKeySpec(derive(seed, "STORAGE", name, AES_BITS), "AES"),
          new IvParameterSpec(new byte[16]));
      byte[] encrypted = cipher.doFinal(new TpmWriter().sized(secret).toBytes());
      byte[] mac = mac(derive(seed, "INTEGRITY", new byte[0], MAC_BITS), encrypted, name);
      return new CredentialChallenge(
          endorsementKey,
          secret,
          new TpmWriter().sized(mac).bytes(encrypted).toBytes(),
          encrypt(endorsementKey, seed));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("AES, RSA or SHA-256 are missing from this Java runtime", e);
    }
  }

  private static byte[] encrypt(RSAPublicKey key, byte[] seed) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("RSA/ECB/OAEPPadding");
    byte[] label = "IDENTITY\0".getBytes(StandardCharsets.US_ASCII);
    cipher.init(
        Cipher.ENCRYPT_MODE,
        key,
        new OAEPParameterSpec(
            "SHA-256", "MGF1", MGF1ParameterSpec.SHA256, new PSource.PSpecified(label)));
    return cipher.doFinal(seed);
  }

  /** KDFa of part 1, 11.4.10.2, for at most one block of SHA-256. */
  private static byte[] derive(byte[] key, String label, byte[] context, int bits)
      throws GeneralSecurityException {
    byte[] input = new TpmWriter()
        .u32(1)
        .bytes(label.getBytes(StandardCharsets.US_ASCII))
        .u8(0)
        .bytes(context)
        .u32(bits)
        .toBytes();
    return Arrays.copyOf(mac(key, input), bits / 8);
  }

  private static byte[] mac(byte[] key, byte[]... parts) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    for (byte[] part : parts) {
      mac.update(part);
    }
    return mac.doFinal();
  }

  private static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
  }

  private static byte[] random() {
    byte[] bytes = new byte[SECRET_BYTES];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** Who can read it. */
  RSAPublicKey endorsementKey() {
    return endorsementKey;
  }

  /** For the TPM: a TPMS_ID_OBJECT. */
  byte[] blob() {
    return blob;
  }

  /** For the TPM: a TPM2B_ENCRYPTED_SECRET, without its size. */
  byte[] encryptedSeed() {
    return encryptedSeed;
  }

  boolean isAnsweredBy(byte[] answer) {
    return MessageDigest.isEqual(secret, answer);
  }
}
