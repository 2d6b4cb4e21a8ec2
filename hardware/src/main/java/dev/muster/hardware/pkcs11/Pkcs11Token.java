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
import java.security.InvalidParameterException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import javax.security.auth.login.FailedLoginException;

/**
 * A token that is logged in to.
 *
 * @param provider the JDK's PKCS#11 for this one token, known to the JDK, for TLS to find it
 */
record Pkcs11Token(Provider provider, KeyStore keys) {
  private static final AtomicInteger COUNT = new AtomicInteger();

  /** The JDK lets go of none that it has made: the next try takes the one of the last. */
  private static final Map<String, Provider> UNUSED = new ConcurrentHashMap<>();

  /** Digests of PINs that tokens refuse: each try more would bring them nearer to their lock. */
  private static final Map<String, byte[]> REFUSED = new ConcurrentHashMap<>();

  /**
   * Logs in: once, for all threads of this process. One at a time, so that a PIN is shown to a
   * token by the first alone if that refuses it.
   *
   * @throws KeyUnavailableException if the token, its library or the PIN is not there, or the token
   *     does not let us in; caused by a {@link FailedLoginException} if it refuses the PIN, which
   *     is not shown to it again
   */
  static synchronized Pkcs11Token logIn(Pkcs11Uri uri) {
    char[] pin = pin(uri.pinSource());
    try {
      return logIn(uri, slot(uri), pin);
    } finally {
      Arrays.fill(pin, ' ');
    }
  }

  private static Pkcs11Token logIn(Pkcs11Uri uri, long slot, char[] pin) {
    String place = uri.module() + " " + slot;
    byte[] digest = digest(pin);
    if (Arrays.equals(REFUSED.get(place), digest)) {
      throw refused(uri, new FailedLoginException("not tried again with the PIN that it refused"));
    }
    Provider unused = UNUSED.remove(place);
    Provider provider = unused == null ? provider(uri.module(), slot) : unused;
    try {
      KeyStore keys = KeyStore.getInstance("PKCS11", provider);
      keys.load(null, pin);
      Security.addProvider(provider);
      REFUSED.remove(place);
      return new Pkcs11Token(provider, keys);
    } catch (IOException | GeneralSecurityException | ProviderException e) {
      UNUSED.put(place, provider);
      String answer = answer(e);
      if (answer.startsWith("CKR_PIN")) {
        REFUSED.put(place, digest);
        throw refused(uri, (FailedLoginException) new FailedLoginException(answer).initCause(e));
      }
      throw new KeyUnavailableException(uri.name() + ": does not let us in: " + answer, e);
    }
  }

  private static KeyUnavailableException refused(Pkcs11Uri uri, FailedLoginException reason) {
    return new KeyUnavailableException(
        uri.name() + ": does not let us in: " + reason.getMessage() + " (expected: the user PIN in "
            + uri.pinSource() + "; many tokens lock themselves after a few wrong ones)",
        reason);
  }

  private static byte[] digest(char[] pin) {
    try {
      return MessageDigest.getInstance("SHA-256")
          .digest(new String(pin).getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is missing from this Java runtime", e);
    }
  }

  private static Provider provider(Path module, long slot) {
    Provider template = Security.getProvider("SunPKCS11");
    if (template == null) {
      throw new KeyUnavailableException(
          "this JDK has no PKCS#11 (expected: the module jdk.crypto.cryptoki)", null);
    }
    // Keys of tokens must stay there; some tokens would give them out if not told otherwise.
    String configuration =
        """
        --name=muster-%1$d
        library=%2$s
        slot=%3$d
        attributes(generate,CKO_PRIVATE_KEY,CKK_EC)={
          CKA_TOKEN=%4$s
          CKA_PRIVATE=true
          CKA_SENSITIVE=true
          CKA_EXTRACTABLE=false
          CKA_SIGN=true
          CKA_DERIVE=false
        }
        attributes(generate,CKO_PUBLIC_KEY,CKK_EC)={
          CKA_TOKEN=%4$s
        }
        """.formatted(COUNT.incrementAndGet(), module, slot, keepsAllItMakes(module));
    try {
      return template.configure(configuration);
    } catch (ProviderException | InvalidParameterException e) {
      throw new KeyUnavailableException(
          "module-path: " + module + " cannot be used: " + answer(e), e);
    }
  }

  /**
   * tpm2-pkcs11 keeps every key it makes, also those of a session alone, which the JDK has it
   * destroy with its garbage; by then their handles may be those of others. So the JDK is told.
   */
  private static boolean keepsAllItMakes(Path module) {
    return module.getFileName().toString().contains("tpm2_pkcs11");
  }

  private static void requireModule(Path module) {
    if (!Files.isRegularFile(module)) {
      throw new KeyUnavailableException(
          "module-path: " + module
              + " is not there (expected: the PKCS#11 library of the token's maker)",
          null);
    }
  }

  private static long slot(Pkcs11Uri uri) {
    requireModule(uri.module());
    if (uri.isSlotAlone()) {
      return uri.slot().getAsLong();
    }
    List<TokenSlots.Token> tokens;
    try {
      tokens = new TokenSlots(uri.module().toString()).tokens();
    } catch (UnsatisfiedLinkError | IllegalStateException e) {
      throw new KeyUnavailableException(
          "module-path: " + uri.module() + " cannot be used: " + answer(e), e);
    }
    List<TokenSlots.Token> meant = tokens.stream().filter(uri::means).toList();
    if (meant.isEmpty()) {
      throw new KeyUnavailableException(
          uri.name() + ": no such token (expected: one of " + tokens + ")", null);
    }
    // One that is taken for another would be shown a PIN that is not its own.
    if (meant.size() > 1) {
      throw new KeyUnavailableException(
          uri.name() + ": several tokens are so (expected: what tells one from the others, of "
              + meant + ")",
          null);
    }
    return meant.get(0).slot();
  }

  private static char[] pin(Path file) {
    try {
      boolean open = Files.getPosixFilePermissions(file).stream()
          .anyMatch(permission -> permission.name().startsWith("OTHERS_"));
      if (open) {
        throw new KeyUnavailableException(
            "pin-source: " + file + " is readable by everybody (expected: mode 0600)", null);
      }
      return Files.readString(file, StandardCharsets.UTF_8).strip().toCharArray();
    } catch (IOException e) {
      throw new KeyUnavailableException(
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
