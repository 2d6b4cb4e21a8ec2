/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.security.GeneralSecurityException;
import java.util.Map;

/** The TPM refuses a command (TPM 2.0, part 2, 6.6 and part 1, 39). */
final class TpmException extends GeneralSecurityException {
  private static final long serialVersionUID = 1L;

  static final int INITIALIZE = 0x100;
  static final int NV_DEFINED = 0x14C;
  static final int REFERENCE_H0 = 0x910;
  static final int HANDLE = 0x08B;

  private static final int FORMAT_ONE = 0x080;
  private static final int OF_PARAMETER = 0x040;
  /**
   * Above the code proper stands who says it: zero is the TPM, 11 the kernel's resource manager.
   */
  private static final int LAYER_SHIFT = 16;

  private static final Map<Integer, String> NAMES = Map.ofEntries(
      Map.entry(0x081, "ASYMMETRIC"),
      Map.entry(0x082, "ATTRIBUTES"),
      Map.entry(0x083, "HASH"),
      Map.entry(0x084, "VALUE"),
      Map.entry(0x085, "HIERARCHY"),
      Map.entry(0x087, "KEY_SIZE"),
      Map.entry(0x08A, "TYPE"),
      Map.entry(HANDLE, "HANDLE"),
      Map.entry(0x08C, "KDF"),
      Map.entry(0x08D, "RANGE"),
      Map.entry(0x08E, "AUTH_FAIL"),
      Map.entry(0x092, "SCHEME"),
      Map.entry(0x095, "SIZE"),
      Map.entry(0x096, "SYMMETRIC"),
      Map.entry(0x097, "TAG"),
      Map.entry(0x09A, "INSUFFICIENT"),
      Map.entry(0x09C, "KEY"),
      Map.entry(0x09D, "POLICY_FAIL"),
      Map.entry(0x09F, "INTEGRITY"),
      Map.entry(0x0A1, "RESERVED_BITS"),
      Map.entry(0x0A2, "BAD_AUTH"),
      Map.entry(0x0A5, "BINDING"),
      Map.entry(0x0A6, "CURVE"),
      Map.entry(0x0A7, "ECC_POINT"),
      Map.entry(INITIALIZE, "INITIALIZE"),
      Map.entry(0x101, "FAILURE"),
      Map.entry(0x120, "DISABLED"),
      Map.entry(0x125, "AUTH_MISSING"),
      Map.entry(0x12D, "UPGRADE"),
      Map.entry(0x12F, "AUTH_UNAVAILABLE"),
      Map.entry(0x130, "REBOOT"),
      Map.entry(0x142, "COMMAND_SIZE"),
      Map.entry(0x143, "COMMAND_CODE"),
      Map.entry(0x14B, "NV_SPACE"),
      Map.entry(NV_DEFINED, "NV_DEFINED"),
      Map.entry(0x153, "NEEDS_TEST"),
      Map.entry(0x155, "SENSITIVE"),
      Map.entry(0x902, "OBJECT_MEMORY"),
      Map.entry(0x903, "SESSION_MEMORY"),
      Map.entry(0x904, "MEMORY"),
      Map.entry(0x907, "LOCALITY"),
      Map.entry(0x908, "YIELDED"),
      Map.entry(0x909, "CANCELED"),
      Map.entry(0x90A, "TESTING"),
      Map.entry(REFERENCE_H0, "REFERENCE_H0"),
      Map.entry(0x920, "NV_RATE"),
      Map.entry(0x921, "LOCKOUT"),
      Map.entry(0x922, "RETRY"),
      Map.entry(0x923, "NV_UNAVAILABLE"));

  private static final String PASSWORD_HINT =
      "keys and hierarchies with a password are not for us; see ?parent= for a storage key without";

  private static final Map<Integer, String> HINTS = Map.of(
      0x921,
      "too many wrong passwords; it opens by itself, or by tpm2_dictionarylockout --clear-lockout",
      0x08E,
      PASSWORD_HINT,
      0x0A2,
      PASSWORD_HINT,
      0x101,
      "the TPM has failed its self-test, and wants a reset",
      0x09F,
      "the key was made by another TPM, or before this one was cleared");

  private final TpmCommand command;
  private final int code;

  TpmException(TpmCommand command, int code) {
    super(message(command, code));
    this.command = command;
    this.code = code;
  }

  private static String message(TpmCommand command, int code) {
    int kind = kind(code);
    String said = String.format(
        "%s: %s (0x%x)", command.title(), NAMES.getOrDefault(kind, "unknown code"), code);
    String by = code >>> LAYER_SHIFT == 0 ? "" : ", says the resource manager";
    String hint = HINTS.get(kind);
    return said + where(code) + by + (hint == null ? "" : "; " + hint);
  }

  private static String where(int code) {
    if ((code & FORMAT_ONE) == 0) {
      return "";
    }
    int number = code >>> 8 & 0xF;
    if ((code & OF_PARAMETER) != 0) {
      return " for parameter " + number;
    }
    return number < 8 ? " for handle " + number : " for session " + (number - 8);
  }

  /** The code without the number of the parameter, handle or session that it is about. */
  private static int kind(int code) {
    return (code & FORMAT_ONE) != 0 ? code & 0x0BF : code & 0xFFF;
  }

  TpmCommand command() {
    return command;
  }

  boolean is(int known) {
    return kind(code) == known;
  }

  /**
   * About what was sent along, and not about the TPM's state, or about keys and hierarchies that
   * are missing or want a password: the same would be refused for ever.
   */
  boolean isAboutAParameter() {
    return (code & FORMAT_ONE) != 0 && (code & OF_PARAMETER) != 0;
  }

  /**
   * The TPM is busy with something else, or saves its flash memory: the same again, a bit later.
   */
  static boolean asksForPatience(int code) {
    return code == 0x908 || code == 0x90A || code == 0x920 || code == 0x922;
  }
}
