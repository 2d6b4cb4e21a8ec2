/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.authority;

import com.sun.jna.Native;
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

/** From the settings of a token to one that is logged in to; says in plain words what is wrong. */
final class TokenLogin {
  private TokenLogin() {}

  /**
   * The JDK's PKCS#11, for this one token. Not installed among the JDK's providers: whoever wants
   * it names it.
   *
   * @throws TokenException if library or token are not there
   */
  static Provider provider(Pkcs11Token token) {
    Provider template = Security.getProvider("SunPKCS11");
    if (template == null) {
      throw new TokenException(
          "this JDK has no PKCS#11 (expected: the module jdk.crypto.cryptoki)",
          "use a whole JDK, or keep the keys in files");
    }
    long slot = slot(token);
    // Keys of tokens must stay there; some tokens would give them out if not told otherwise.
    String settings = """
        --name=muster
        library=%s
        slot=%d
        attributes(generate,CKO_PRIVATE_KEY,CKK_EC)={
          CKA_SENSITIVE=true
          CKA_EXTRACTABLE=false
          CKA_SIGN=true
        }
        """.formatted(token.library(), slot);
    try {
      return template.configure(settings);
    } catch (ProviderException | IllegalArgumentException e) {
      throw unusable(token, e);
    }
  }

  private static long slot(Pkcs11Token token) {
    if (!Files.isRegularFile(token.library())) {
      throw new TokenException(
          "library: " + token.library()
              + " is not there (expected: the token maker's PKCS#11 library)",
          "for SoftHSM: apt-get install softhsm2, then /usr/lib/softhsm/libsofthsm2.so");
    }
    Map<String, Long> slots;
    try {
      slots = new TokenSlots(token.library().toString()).byLabel();
    } catch (UnsatisfiedLinkError | IllegalStateException e) {
      throw unusable(token, e);
    }
    Long slot = slots.get(token.label());
    if (slot == null) {
      throw new TokenException(
          "tokenLabel: \"" + token.label() + "\" (expected: one of " + slots.keySet()
              + ", the tokens of " + token.library() + ")",
          "initialize the token first; for SoftHSM: softhsm2-util --init-token --free --label "
              + token.label());
    }
    return slot;
  }

  private static TokenException unusable(Pkcs11Token token, Throwable cause) {
    return new TokenException(
        "library: " + token.library() + " cannot be used: " + reason(cause)
            + " (expected: a PKCS#11 library for this machine)",
        "is it for " + System.getProperty("os.arch") + " with " + Native.POINTER_SIZE * 8
            + " bits, and may this user read its settings?",
        cause);
  }

  private static String reason(Throwable cause) {
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse("");
  }

  /** @throws TokenException if the PIN is not there, or wrong */
  static KeyStore logIn(Pkcs11Token token, Provider provider) {
    char[] pin = pin(token.pinFile());
    try {
      KeyStore store = KeyStore.getInstance("PKCS11", provider);
      store.load(null, pin);
      return store;
    } catch (IOException | GeneralSecurityException | ProviderException e) {
      throw refused(token, e);
    } finally {
      Arrays.fill(pin, ' ');
    }
  }

  private static TokenException refused(Pkcs11Token token, Exception e) {
    String answer = answer(e);
    if (answer.startsWith("CKR_PIN_LOCKED")) {
      return new TokenException(
          token + ": its PIN is locked after too many wrong ones",
          "its security officer can set a new one",
          e);
    }
    if (answer.startsWith("CKR_PIN")) {
      return new TokenException(
          "pinFile: " + token.pinFile() + " does not hold the user PIN of " + token,
          "do not try often: many tokens lock themselves after a few wrong PINs",
          e);
    }
    return new TokenException(token + ": does not let us in: " + answer, "see the token's log", e);
  }

  /** What the token said, which the JDK hides below its own words. */
  private static String answer(Exception e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.startsWith("CKR_")) {
        return message;
      }
    }
    return String.valueOf(e.getMessage());
  }

  private static char[] pin(Path file) {
    try {
      boolean open = Files.getPosixFilePermissions(file).stream()
          .anyMatch(permission -> !permission.name().startsWith("OWNER_"));
      if (open) {
        throw new TokenException(
            "pinFile: " + file + " is readable by others (expected: mode 0600)",
            "chmod 600 " + file);
      }
      return Files.readString(file, StandardCharsets.UTF_8).strip().toCharArray();
    } catch (IOException e) {
      throw new TokenException(
          "pinFile: " + file + " cannot be read (expected: a file that holds the user PIN)",
          "write the PIN into it, readable by the owner alone",
          e);
    }
  }
}
