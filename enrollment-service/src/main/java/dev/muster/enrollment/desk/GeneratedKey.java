/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

/** A private key on its way to its device; kept nowhere, and shown by nothing but {@link #der}. */
public final class GeneratedKey {
  private final byte[] der;
  private final boolean encrypted;

  GeneratedKey(byte[] der, boolean encrypted) {
    this.der = der.clone();
    this.encrypted = encrypted;
  }

  /** A PrivateKeyInfo (RFC 5958); or, encrypted, a CMS ContentInfo with EnvelopedData. */
  public byte[] der() {
    return der.clone();
  }

  /** Whether it is in an envelope that the device alone can open. */
  public boolean isEncrypted() {
    return encrypted;
  }

  @Override
  public String toString() {
    return "GeneratedKey[hidden]";
  }
}
