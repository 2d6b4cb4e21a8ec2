/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import dev.muster.device.key.KeyUnavailableException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A token that is logged in to.
 *
 * @param provider the JDK's PKCS#11 for this one token, known to the JDK, for TLS to find it
 */
record Pkcs11Token(Provider provider, KeyStore keys) {
  private static final AtomicInteger COUNT = new AtomicInteger();

  /**
   * Logs in: once, for all threads of this process.
   *
   * @throws IllegalArgumentException if the settings are wrong
   * @throws KeyUnavailableException if the token is not there, or does not let us in
   */
  static Pkcs11Token logIn(Pkcs11Uri uri) {
    char[] pin = pin(uri.pinSource());
    try {
      Provider provider = provider(uri);
      KeyStore keys = KeyStore.getInstance("PKCS11", provider);
      keys.load(null, pin);
      Security.addProvider(provider);
      return new Pkcs11Token(provider, keys);
    } catch (IOException | GeneralSecurityException | ProviderException e) {
      throw new KeyUnavailableException(
          uri.name() + ": does not let us in: " + answer(e) + wrongPin(uri, answer(e)), e);
    } finally {
      Arrays.fill(pin, ' ');
    }
  }

  private static String wrongPin(Pkcs11Uri uri, String answer) {
    return answer.startsWith("CKR_PIN")
        ? " (expected: the user PIN in " + uri.pinSource()
            + "; many tokens lock themselves after a few wrong ones)"
        : "";
  }

  private static Provider provider(Pkcs11Uri uri) {
    Provider template = Security.getProvider("SunPKCS11");
    if (template == null) {
      throw new KeyUnavailableException(
          "this JDK has no PKCS#11 (expected: the module jdk.crypto.cryptoki)", null);
    }
    long slot = uri.slot().isPresent() ? uri.slot().getAsLong() : slot(uri);
    // Keys of tokens must stay there; some tokens would give them out if not told otherwise.
    return template.configure("""
        --name=muster-%d
        library=%s
        slot=%d
        attributes(generate,CKO_PRIVATE_KEY,CKK_EC)={
          CKA_PRIVATE=true
          CKA_SENSITIVE=true
          CKA_EXTRACTABLE=false
          CKA_SIGN=true
          CKA_DERIVE=false
        }
        """.formatted(COUNT.incrementAndGet(), uri.module(), slot));
  }

  private static long slot(Pkcs11Uri uri) {
    if (!Files.isRegularFile(uri.module())) {
      throw new IllegalArgumentException("module-path: " + uri.module()
          + " is not there (expected: the PKCS#11 library of the token's maker)");
    }
    Map<String, Long> slots;
    try {
      slots = new TokenSlots(uri.module().toString()).byLabel();
    } catch (UnsatisfiedLinkError | IllegalStateException e) {
      throw new KeyUnavailableException(
          "module-path: " + uri.module() + " cannot be used: " + answer(e), e);
    }
    Long slot = slots.get(uri.token());
    if (slot == null) {
      throw new KeyUnavailableException(
          uri.name() + ": no such token (expected: one of " + slots.keySet() + ")", null);
    }
    return slot;
  }

  private static char[] pin(Path file) {
    try {
      boolean open = Files.getPosixFilePermissions(file).stream()
          .anyMatch(permission -> permission.name().startsWith("OTHERS_"));
      if (open) {
        throw new IllegalArgumentException(
            "pin-source: " + file + " is readable by everybody (expected: mode 0600)");
      }
      return Files.readString(file, StandardCharsets.UTF_8).strip().toCharArray();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "pin-source: " + file + " cannot be read (expected: a file that holds the user PIN)", e);
    }
  }

  /** What the token said, which the JDK hides below its own words. */
  static String answer(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.startsWith("CKR_")) {
        return message;
      }
    }
    return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
  }
}
