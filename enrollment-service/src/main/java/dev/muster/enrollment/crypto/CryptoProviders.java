/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.crypto;

import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.cert.X509Certificate;
import java.util.Optional;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.conscrypt.Conscrypt;
import org.jspecify.annotations.Nullable;

/**
 * Who signs, verifies and speaks TLS. Conscrypt does P-256 and handshakes many times faster than
 * the JDK, and alone can tell the channel bindings that EST wants (RFC 7030, 3.5). It is named
 * wherever it is used and never put into the JVM's own list of providers, where it would break
 * other users of TLS.
 *
 * <p>Thread-safe.
 */
public final class CryptoProviders {
  private static final CryptoProviders JDK = new CryptoProviders(null);

  private final @Nullable Provider conscrypt;

  private CryptoProviders(@Nullable Provider conscrypt) {
    this.conscrypt = conscrypt;
  }

  /** What every Java has. */
  public static CryptoProviders jdk() {
    return JDK;
  }

  /**
   * Conscrypt where its native library runs, and {@code -Dmuster.conscrypt=false} does not keep it
   * from being loaded; else as {@link #jdk}.
   */
  public static CryptoProviders fastest() {
    return Native.FASTEST;
  }

  /** Loads the native library once, and only if somebody asks for it. */
  private static final class Native {
    static final CryptoProviders FASTEST =
        isWanted() && Conscrypt.isAvailable() ? new CryptoProviders(Conscrypt.newProvider()) : JDK;

    /** For machines on which loading it alone does harm. */
    private static boolean isWanted() {
      return Boolean.parseBoolean(System.getProperty("muster.conscrypt", "true"));
    }
  }

  /** For TLS; empty if that is the JDK's own. */
  public Optional<Provider> tls() {
    return Optional.ofNullable(conscrypt);
  }

  /**
   * Signs with {@code key}, wherever it is: one that never leaves its token is left to the token's
   * own provider.
   *
   * @param algorithm for example {@code SHA256withECDSA}
   */
  public ContentSigner signer(String algorithm, PrivateKey key) throws OperatorCreationException {
    JcaContentSignerBuilder builder = new JcaContentSignerBuilder(algorithm);
    if (conscrypt != null && key.getEncoded() != null && takes(key)) {
      builder.setProvider(conscrypt);
    }
    return builder.build(key);
  }

  /**
   * Whether {@code key} made a signature. BouncyCastle's verifiers are not asked: they verify each
   * signature twice, for the sake of some tokens.
   *
   * @param algorithm for example {@code SHA256withECDSA}
   * @return false as well if the signature cannot be read
   * @throws GeneralSecurityException if the key cannot be used
   */
  public boolean verifies(String algorithm, PublicKey key, byte[] signed, byte[] signature)
      throws GeneralSecurityException {
    Signature verifier = conscrypt != null && takes(key)
        ? Signature.getInstance(algorithm, conscrypt)
        : Signature.getInstance(algorithm);
    verifier.initVerify(key);
    verifier.update(signed);
    try {
      return verifier.verify(signature);
    } catch (SignatureException e) {
      return false;
    }
  }

  /** Whether {@code key} signed {@code certificate}. */
  public boolean signed(PublicKey key, X509Certificate certificate) {
    try {
      verify(key, certificate);
      return true;
    } catch (GeneralSecurityException e) {
      return false;
    }
  }

  private void verify(PublicKey key, X509Certificate certificate) throws GeneralSecurityException {
    if (conscrypt != null && takes(key)) {
      try {
        certificate.verify(key, conscrypt);
        return;
      } catch (NoSuchAlgorithmException e) {
        // Such as RSASSA-PSS, which it knows by other names.
      }
    }
    certificate.verify(key);
  }

  private static boolean takes(Key key) {
    return key.getAlgorithm().equals("EC") || key.getAlgorithm().equals("RSA");
  }

  /** For the log: {@code Conscrypt 2.9.0} or {@code JDK}. */
  @Override
  public String toString() {
    Conscrypt.Version version = conscrypt == null ? null : Conscrypt.version();
    return version == null
        ? "JDK"
        : "Conscrypt " + version.major() + "." + version.minor() + "." + version.patch();
  }
}
