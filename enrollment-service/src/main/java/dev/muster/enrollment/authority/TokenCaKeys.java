/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import dev.muster.enrollment.issuance.IssuanceException;
import dev.muster.enrollment.issuance.JcaSigningKey;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.issuance.SigningKey;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.file.StagedDirectory;
import dev.muster.protocol.identity.DistinguishedName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys that are made in a PKCS#11 token and never leave it; the certificates lie beside, as PEM.
 *
 * <p>A key is found again by the common name of its CA, which is the name of its entry. It enters
 * the token for good together with its certificate; a start that is cut short in between leaves
 * nothing but, at worst, an entry that no file names.
 */
final class TokenCaKeys implements CaKeys {
  private static final String SUFFIX = ".pem";

  private final Pkcs11Token token;
  private final Provider provider;
  /** Knows the entries that were there when it was loaded. */
  private volatile KeyStore store;

  private TokenCaKeys(Pkcs11Token token, Provider provider, KeyStore store) {
    this.token = token;
    this.provider = provider;
    this.store = store;
  }

  /**
   * Logs in to the token: once, for all threads of this process.
   *
   * @throws TokenException if library, token or PIN are not there, or wrong
   */
  static TokenCaKeys open(Pkcs11Token token) {
    Provider provider = TokenLogin.provider(token);
    return new TokenCaKeys(token, provider, TokenLogin.logIn(token, provider));
  }

  /** Whether a directory holds CAs whose keys are in a token. */
  static boolean areOf(Path directory, String name) {
    return Files.exists(directory.resolve(name + SUFFIX));
  }

  @Override
  public void prepare(StagedDirectory directory) {
    // The PIN is the operator's to keep.
  }

  @Override
  public NewKey generate(SignatureScheme scheme) {
    KeyPair pair;
    try {
      pair = scheme.generate(provider);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenException(
          token + ": makes no key for " + scheme,
          "choose another with enrollment.ca.curve; the token's maker says what it can",
          e);
    }
    SigningKey key = new JcaSigningKey(
        "new in " + token, pair.getPrivate(), KeyPairs.detached(pair.getPublic()), provider);
    return new NewKey() {
      @Override
      public SigningKey key() {
        return key;
      }

      @Override
      public void keep(StagedDirectory directory, String name, X509Certificate... chain)
          throws IOException {
        put(pair.getPrivate(), chain);
        directory.write(name + SUFFIX, Pem.of(List.of(chain)));
      }
    };
  }

  private void put(PrivateKey key, X509Certificate... chain) {
    String entry = entry(chain[0]);
    try {
      store.setKeyEntry(entry, key, null, new X509Certificate[] {chain[0]});
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenException(
          token + ": does not keep the key \"" + entry + "\"",
          "is the token full, or read-only?",
          e);
    }
  }

  @Override
  public Found find(Path directory, String name) {
    Path file = directory.resolve(name + SUFFIX);
    X509Certificate certificate = certificate(file);
    String entry = entry(certificate);
    PrivateKey privateKey = get(entry);
    if (privateKey == null) {
      throw new TokenException(
          token + ": holds no key \"" + entry + "\" (expected: the key of " + file + ")",
          "is it the token with which the CAs were made? if so, restore it from its backup");
    }
    JcaSigningKey key = new JcaSigningKey(
        token + ", key \"" + entry + "\"", privateKey, certificate.getPublicKey(), provider);
    if (!belongs(key)) {
      throw new TokenException(
          token + ": its key \"" + entry + "\" is not that of the certificate in " + file,
          "restore token and data directory from one backup");
    }
    return new Found(file, key, certificate);
  }

  private static X509Certificate certificate(Path file) {
    byte[] text = CaFile.readAll(file);
    try {
      return Pem.certificates(new String(text, StandardCharsets.ISO_8859_1)).get(0);
    } catch (IllegalArgumentException e) {
      throw CaFile.damaged(file, String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable PrivateKey get(String entry) {
    try {
      PrivateKey key = (PrivateKey) store.getKey(entry, null);
      if (key == null) {
        // Another process may have made it since.
        store = TokenLogin.logIn(token, provider);
        key = (PrivateKey) store.getKey(entry, null);
      }
      return key;
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenException(
          token + ": does not give the key \"" + entry + "\"", "see what the token's log says", e);
    }
  }

  /** The key as it is used later, with the provider that will use it. */
  private static boolean belongs(SigningKey key) {
    byte[] probe = {1, 2, 3};
    try {
      Signature verifier = Signature.getInstance(key.scheme().jcaName(), KeyPairs.EC_PROVIDER);
      verifier.initVerify(key.publicKey());
      verifier.update(probe);
      return verifier.verify(key.sign(probe));
    } catch (GeneralSecurityException | IssuanceException e) {
      return false;
    }
  }

  private static String entry(X509Certificate certificate) {
    return DistinguishedName.of(certificate.getSubjectX500Principal())
        .commonName()
        .orElseThrow(() -> new IllegalStateException("a CA of ours without a common name"));
  }
}
