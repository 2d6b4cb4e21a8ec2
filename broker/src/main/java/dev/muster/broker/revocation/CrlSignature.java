/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PSSParameterSpec;

/**
 * Verifies who has signed a CRL over its bytes as they came (RFC 5280, 5.1.1), without reading what
 * it says: it may have come over plain HTTP, and be a million entries of nobody.
 */
final class CrlSignature {
  private static final int BIT_STRING = 0x03;
  private static final int NULL = 0x05;
  private static final int OID = 0x06;
  private static final int SEQUENCE = 0x30;
  private static final int LONG_FORM = 0x80;
  private static final int MAX_OID = 64;

  private CrlSignature() {}

  /**
   * Whether a key has signed it.
   *
   * @throws IllegalArgumentException if it is no CertificateList
   */
  static boolean isBy(byte[] der, PublicKey key) {
    try {
      ByteBuffer list = enter(ByteBuffer.wrap(der), SEQUENCE);
      ByteBuffer signed = list.duplicate();
      enter(list, SEQUENCE);
      signed.limit(list.position());
      ByteBuffer algorithm = enter(list, SEQUENCE);
      ByteBuffer bits = enter(list, BIT_STRING);
      if (list.hasRemaining() || bits.get() != 0) {
        throw malformed();
      }
      return isBy(signed, algorithm, rest(bits), key);
    } catch (BufferUnderflowException e) {
      throw malformed();
    }
  }

  private static boolean isBy(
      ByteBuffer signed, ByteBuffer algorithm, byte[] signature, PublicKey key) {
    String oid = dotted(enter(algorithm, OID));
    try {
      Signature verifier = Signature.getInstance(oid);
      verifier.initVerify(key);
      if (algorithm.hasRemaining() && algorithm.get(algorithm.position()) != NULL) {
        verifier.setParameter(pss(oid, rest(algorithm)));
      }
      verifier.update(signed);
      return verifier.verify(signature);
    } catch (GeneralSecurityException | IOException e) {
      return false;
    }
  }

  /** RFC 4055, 3.1: no other signature that we know has parameters. */
  private static PSSParameterSpec pss(String oid, byte[] parameters)
      throws GeneralSecurityException, IOException {
    AlgorithmParameters read = AlgorithmParameters.getInstance(oid);
    read.init(parameters);
    return read.getParameterSpec(PSSParameterSpec.class);
  }

  /** What is inside the next value; the buffer goes on behind it. */
  private static ByteBuffer enter(ByteBuffer from, int tag) {
    if (from.get() != tag) {
      throw malformed();
    }
    int length = from.get() & 0xff;
    if (length >= LONG_FORM) {
      int octets = length - LONG_FORM;
      if (octets < 1 || octets > Integer.BYTES) {
        throw malformed();
      }
      length = 0;
      for (int i = 0; i < octets; i++) {
        length = length << 8 | from.get() & 0xff;
      }
    }
    if (length < 0 || length > from.remaining()) {
      throw malformed();
    }
    ByteBuffer inside = from.slice(from.position(), length);
    from.position(from.position() + length);
    return inside;
  }

  private static byte[] rest(ByteBuffer buffer) {
    byte[] rest = new byte[buffer.remaining()];
    buffer.get(rest);
    return rest;
  }

  /** X.690, 8.19; the algorithms that there are have no large numbers in theirs. */
  private static String dotted(ByteBuffer oid) {
    if (oid.remaining() > MAX_OID) {
      throw malformed();
    }
    StringBuilder dotted = new StringBuilder();
    long arc = 0;
    while (oid.hasRemaining()) {
      byte octet = oid.get();
      arc = arc << 7 | octet & 0x7f;
      if (octet >= 0) {
        if (dotted.length() == 0) {
          long root = Math.min(arc / 40, 2);
          dotted.append(root).append('.').append(arc - 40 * root);
        } else {
          dotted.append('.').append(arc);
        }
        arc = 0;
      }
    }
    return dotted.toString();
  }

  private static IllegalArgumentException malformed() {
    return new IllegalArgumentException("CRL: not DER of a CRL");
  }
}
