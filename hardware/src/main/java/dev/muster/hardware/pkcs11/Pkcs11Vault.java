/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.hardware.FactoryVault;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.ProviderException;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Keys of one token, by their labels. In the folder of a key its label is kept, in {@code key.uri}.
 *
 * <p>The JDK shows only those private keys of a token that have a certificate beside them; so each
 * gets one that says nothing, and the real ones stay in files.
 */
final class Pkcs11Vault implements FactoryVault {
  private static final String KEY = "key.uri";
  private static final String OBJECT = ";object=";
  private static final String DEFAULT_PREFIX = "muster";
  /** SEC 2, 2.4.2. */
  private static final BigInteger P256_ORDER =
      new BigInteger("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16);

  private final Pkcs11Uri uri;
  private @Nullable Pkcs11Token token;

  Pkcs11Vault(Pkcs11Uri uri) {
    this.uri = uri;
  }

  @Override
  public KeyPair named() {
    String label = uri.object();
    return label == null ? FactoryVault.super.named() : present(label);
  }

  @Override
  public KeyPair namedOrNew() {
    String label = uri.object();
    return label == null ? FactoryVault.super.named() : find(label).orElseGet(() -> make(label));
  }

  @Override
  public KeyPair create(Path folder) {
    String label = newLabel(folder);
    KeyPair keys = make(label);
    Path file = folder.resolve(KEY);
    try {
      DurableFiles.write(file, uri.name() + OBJECT + label + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(file + ": cannot be written", e);
    }
    return keys;
  }

  @Override
  public KeyPair load(Path folder) {
    String label = label(folder)
        .orElseThrow(() -> new IllegalArgumentException(
            folder.resolve(KEY) + ": missing or damaged (expected: a URI with ;object=)"));
    return present(label);
  }

  @Override
  public void delete(Path folder) {
    // Without the file the key may be there all the same, if making it was cut short.
    String label = label(folder).orElseGet(() -> newLabel(folder));
    with(() -> {
      logIn().keys().deleteEntry(label);
      return label;
    });
  }

  private String newLabel(Path folder) {
    String prefix = uri.object();
    return (prefix == null ? DEFAULT_PREFIX : prefix) + "-" + folder.getFileName();
  }

  private static Optional<String> label(Path folder) {
    try {
      String text = Files.readString(folder.resolve(KEY), StandardCharsets.ISO_8859_1);
      int object = text.indexOf(OBJECT);
      return object < 0 || !text.endsWith("\n")
          ? Optional.empty()
          : Optional.of(text.substring(object + OBJECT.length()).strip());
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private KeyPair present(String label) {
    return find(label)
        .orElseThrow(() -> new IllegalArgumentException(uri.name() + OBJECT + label
            + ": no such key with a certificate beside it (expected: one that was made here)"));
  }

  private Optional<KeyPair> find(String label) {
    return with(() -> {
      PrivateKey key = (PrivateKey) logIn().keys().getKey(label, null);
      Certificate certificate = logIn().keys().getCertificate(label);
      if (key == null || certificate == null) {
        return Optional.empty();
      }
      requireP256(label, certificate.getPublicKey());
      return Optional.of(new KeyPair(detached(certificate.getPublicKey()), key));
    });
  }

  /** By its order, which no other curve has: tokens describe curves in words of their own. */
  private void requireP256(String label, PublicKey key) {
    if (!(key instanceof ECPublicKey ec) || !ec.getParams().getOrder().equals(P256_ORDER)) {
      throw new IllegalArgumentException(uri.name() + OBJECT + label + ": a key of "
          + key.getAlgorithm() + " that is not on P-256 (expected: on P-256)");
    }
  }

  /** A key enters the token together with its certificate; one of this label is replaced. */
  private KeyPair make(String label) {
    return with(() -> {
      Pkcs11Token in = logIn();
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", in.provider());
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair made = generator.generateKeyPair();
      KeyPair keys = new KeyPair(detached(made.getPublic()), made.getPrivate());
      in.keys().deleteEntry(label);
      in.keys().setKeyEntry(label, keys.getPrivate(), null, new X509Certificate[] {
        PlaceholderCertificate.of(keys, label, in.provider())
      });
      return present(label);
    });
  }

  /** A public key that is none of the token's objects. */
  private static PublicKey detached(PublicKey key) throws GeneralSecurityException {
    return KeyFactory.getInstance("EC", "SunEC")
        .generatePublic(new X509EncodedKeySpec(key.getEncoded()));
  }

  private synchronized Pkcs11Token logIn() {
    Pkcs11Token open = token;
    if (open == null) {
      open = Pkcs11Token.logIn(uri);
      token = open;
    }
    return open;
  }

  private interface Work<T> {
    T with() throws GeneralSecurityException;
  }

  private <T> T with(Work<T> work) {
    try {
      return work.with();
    } catch (GeneralSecurityException | ProviderException e) {
      throw new KeyUnavailableException(uri.name() + ": " + Pkcs11Token.answer(e), e);
    }
  }

  /** Of other users of the token in this program nobody is logged out. */
  @Override
  public synchronized void close() {
    if (token != null) {
      Security.removeProvider(token.provider().getName());
      token = null;
    }
  }
}
