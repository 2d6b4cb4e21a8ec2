/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.io.IOException;
import java.math.BigInteger;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.HexFormat;

/** The public area of an elliptic curve key (TPM 2.0, part 2, 12.2.4: TPMT_PUBLIC). */
final class EccPublic {
  static final int SHA256 = 0x000B;
  static final int ECDSA = 0x0018;

  private static final int RSA = 0x0001;
  private static final int ECC = 0x0023;
  private static final int NULL = 0x0010;
  private static final int AES = 0x0006;
  private static final int CFB = 0x0043;
  private static final int P256 = 0x0003;

  private static final int FIXED_TPM = 1 << 1;
  private static final int FIXED_PARENT = 1 << 4;
  private static final int SENSITIVE_DATA_ORIGIN = 1 << 5;
  private static final int USER_WITH_AUTH = 1 << 6;
  private static final int ADMIN_WITH_POLICY = 1 << 7;
  private static final int NO_DA = 1 << 10;
  private static final int RESTRICTED = 1 << 16;
  private static final int DECRYPT = 1 << 17;
  private static final int SIGN = 1 << 18;

  /** Made in the TPM, of this TPM for ever, and without a password whose guessing could lock it. */
  private static final int BORN_HERE =
      FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | USER_WITH_AUTH | NO_DA;

  private static final ECParameterSpec CURVE = curve();

  private final int attributes;
  private final PublicKey key;

  private EccPublic(int attributes, PublicKey key) {
    this.attributes = attributes;
    this.key = key;
  }

  /**
   * The storage key below which ours are made: that of the TCG's provisioning guidance and of the
   * ASN.1 format of keys, which tpm2-openssl makes too.
   */
  static byte[] storageTemplate() {
    return new TpmWriter()
        .u16(ECC)
        .u16(SHA256)
        .u32(BORN_HERE | RESTRICTED | DECRYPT)
        .u16(0) // No policy.
        .u16(AES)
        .u16(128)
        .u16(CFB)
        .u16(NULL)
        .u16(P256)
        .u16(NULL)
        .u16(0)
        .u16(0)
        .toBytes();
  }

  /** A key that makes ECDSA signatures over SHA-256, and nothing else. */
  static byte[] signingTemplate() {
    return new TpmWriter()
        .u16(ECC)
        .u16(SHA256)
        .u32(BORN_HERE | SIGN)
        .u16(0) // No policy.
        .u16(NULL)
        .u16(ECDSA)
        .u16(SHA256)
        .u16(P256)
        .u16(NULL)
        .u16(0)
        .u16(0)
        .toBytes();
  }

  /**
   * The endorsement key of RSA with 2048 bits, as TPM makers certify it (TCG EK Credential Profile,
   * template L-1). Its policy wants the secret of the endorsement hierarchy, which is empty.
   */
  static byte[] endorsementTemplate() {
    return new TpmWriter()
        .u16(RSA)
        .u16(SHA256)
        .u32(FIXED_TPM
            | FIXED_PARENT
            | SENSITIVE_DATA_ORIGIN
            | ADMIN_WITH_POLICY
            | RESTRICTED
            | DECRYPT)
        .sized(HexFormat.of()
            .parseHex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa"))
        .u16(AES)
        .u16(128)
        .u16(CFB)
        .u16(NULL)
        .u16(2048)
        .u32(0) // The exponent that is usual.
        .sized(new byte[256])
        .toBytes();
  }

  /** @throws TpmAnswerException if it is not a key on P-256 */
  static EccPublic parse(byte[] publicArea) throws IOException {
    TpmReader in = new TpmReader(publicArea);
    in.expect("type of the key", in.u16(), ECC);
    in.u16(); // The hash of its name.
    int attributes = in.u32();
    in.sized(); // Policy.
    if (in.u16() != NULL) {
      in.u32(); // Key bits and mode of the cipher of a storage key.
    }
    if (in.u16() != NULL) {
      in.expect("hash of the signature scheme", in.u16(), SHA256);
    }
    in.expect("curve", in.u16(), P256);
    in.expect("key derivation", in.u16(), NULL);
    BigInteger x = new BigInteger(1, in.sized());
    BigInteger y = new BigInteger(1, in.sized());
    in.end();
    return new EccPublic(attributes, point(x, y));
  }

  private static PublicKey point(BigInteger x, BigInteger y) throws TpmAnswerException {
    try {
      return KeyFactory.getInstance("EC")
          .generatePublic(new ECPublicKeySpec(new ECPoint(x, y), CURVE));
    } catch (GeneralSecurityException e) {
      throw new TpmAnswerException("a public key that is not on P-256");
    }
  }

  /** Whether it signs what is computed outside of the TPM. */
  boolean signsAnything() {
    return (attributes & SIGN) != 0 && (attributes & RESTRICTED) == 0;
  }

  /** Whether it came to be in this TPM, and cannot leave it. */
  boolean isBoundToItsTpm() {
    int bound = FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN;
    return (attributes & bound) == bound;
  }

  PublicKey key() {
    return key;
  }

  /** P-256, as Java describes it. */
  static ECParameterSpec parameters() {
    return CURVE;
  }

  private static ECParameterSpec curve() {
    try {
      AlgorithmParameters parameters = AlgorithmParameters.getInstance("EC");
      parameters.init(new ECGenParameterSpec("secp256r1"));
      return parameters.getParameterSpec(ECParameterSpec.class);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("P-256 is missing from this Java runtime", e);
    }
  }
}
