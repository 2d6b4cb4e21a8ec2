/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.protocol.file.StagedDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;

/** Where the keys of our CAs are made, kept and found again: in encrypted files, or in a token. */
interface CaKeys {
  /** A key that was made just now. It is lost unless it is kept. */
  interface NewKey {
    SigningKey key();

    /**
     * Keeps it, and its certificate.
     *
     * @param directory that of the CAs
     * @param name of the CA among the files there: {@code root}, {@code device-ca}
     * @param chain the CA's certificate, then those above it
     */
    void keep(StagedDirectory directory, String name, X509Certificate... chain) throws IOException;
  }

  /** A CA as it was found. */
  record Found(Path file, SigningKey key, X509Certificate certificate) {}

  /** Writes what all keys of a new directory need; done first. */
  void prepare(StagedDirectory directory) throws IOException;

  /** Makes a key. */
  NewKey generate(SignatureScheme scheme);

  /**
   * Finds what {@link NewKey#keep} kept, and checks that key and certificate belong together.
   *
   * @throws DamagedFileException naming the file, what is wrong, and what to do
   */
  Found find(Path directory, String name);
}
