/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.KeyPair;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;

/** Writes PKCS#10 (RFC 2986): a key and a name, nothing asked for beyond them. */
final class CertificationRequests {
  private CertificationRequests() {}

  /** @param subject empty to leave the name to the registrar */
  static byte[] write(KeyPair keys, X500Principal subject) {
    try {
      return new JcaPKCS10CertificationRequestBuilder(subject, keys.getPublic())
          .build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
          .getEncoded();
    } catch (OperatorCreationException e) {
      throw new IllegalStateException("ECDSA is missing from this Java runtime", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
