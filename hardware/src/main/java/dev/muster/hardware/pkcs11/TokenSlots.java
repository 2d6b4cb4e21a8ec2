/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import com.sun.jna.Library;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.NativeLong;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.NativeLongByReference;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which slot holds which token. The JDK knows slots by number alone, and a token's number may
 * change when another is plugged in; so the library is asked directly (PKCS#11 2.40, 5.4-5.5).
 */
final class TokenSlots {
  /**
   * Alone, without RTLD_GLOBAL: all PKCS#11 libraries have functions of the same names, and the
   * second in a program would call those of the first.
   */
  private static final int RTLD_LAZY = 1;

  private static final long CKR_OK = 0;
  private static final long CKR_ALREADY_INITIALIZED = 0x191;
  private static final long CKF_OS_LOCKING_OK = 2;
  private static final long CKF_TOKEN_INITIALIZED = 0x400;
  private static final byte TOKEN_PRESENT = 1;
  /** CK_TOKEN_INFO begins with label, manufacturer, model, serial number and flags. */
  private static final int LABEL_BYTES = 32;

  private static final int MANUFACTURER_BYTES = 32;
  private static final int MODEL_BYTES = 16;
  private static final int SERIAL_BYTES = 16;
  private static final int MODEL_OFFSET = LABEL_BYTES + MANUFACTURER_BYTES;
  private static final int SERIAL_OFFSET = MODEL_OFFSET + MODEL_BYTES;
  private static final int FLAGS_OFFSET = SERIAL_OFFSET + SERIAL_BYTES;

  private static final int MORE_THAN_TOKEN_INFO = 512;

  private final NativeLibrary library;

  /** A token, as it calls itself. */
  record Token(long slot, String label, String manufacturer, String model, String serial) {
    private static Token of(long slot, Memory info) {
      return new Token(
          slot,
          text(info, 0, LABEL_BYTES),
          text(info, LABEL_BYTES, MANUFACTURER_BYTES),
          text(info, MODEL_OFFSET, MODEL_BYTES),
          text(info, SERIAL_OFFSET, SERIAL_BYTES));
    }

    private static String text(Memory info, int offset, int bytes) {
      return new String(info.getByteArray(offset, bytes), StandardCharsets.UTF_8).stripTrailing();
    }

    /** In the words of RFC 7512. */
    @Override
    public String toString() {
      return "token=" + label + ";serial=" + serial + ";model=" + model + ";manufacturer="
          + manufacturer + ";slot-id=" + slot;
    }
  }

  /** @throws UnsatisfiedLinkError if that is no library for this machine */
  TokenSlots(String library) {
    this.library = NativeLibrary.getInstance(library, Map.of(Library.OPTION_OPEN_FLAGS, RTLD_LAZY));
  }

  /**
   * The initialized tokens.
   *
   * @throws UnsatisfiedLinkError if the library speaks no PKCS#11
   * @throws IllegalStateException if it does not answer
   */
  List<Token> tokens() {
    initialize();
    List<Token> tokens = new ArrayList<>();
    for (long slot : list()) {
      Memory info = new Memory(MORE_THAN_TOKEN_INFO);
      if (call("C_GetTokenInfo", new NativeLong(slot), info) == CKR_OK
          && (info.getNativeLong(FLAGS_OFFSET).longValue() & CKF_TOKEN_INITIALIZED) != 0) {
        tokens.add(Token.of(slot, info));
      }
    }
    return tokens;
  }

  /** For all threads; the JDK, which comes later, finds it done and is content. */
  private void initialize() {
    int pointers = 4 * Native.POINTER_SIZE;
    Memory arguments = new Memory(pointers + Native.LONG_SIZE + 2L * Native.POINTER_SIZE);
    arguments.clear();
    arguments.setNativeLong(pointers, new NativeLong(CKF_OS_LOCKING_OK));
    long result = call("C_Initialize", arguments);
    if (result != CKR_OK && result != CKR_ALREADY_INITIALIZED) {
      throw failed("C_Initialize", result);
    }
  }

  private long[] list() {
    NativeLongByReference count = new NativeLongByReference();
    expectOk("C_GetSlotList", TOKEN_PRESENT, Pointer.NULL, count);
    int slots = count.getValue().intValue();
    long[] ids = new long[slots];
    if (slots > 0) {
      Memory list = new Memory((long) slots * Native.LONG_SIZE);
      expectOk("C_GetSlotList", TOKEN_PRESENT, list, count);
      for (int i = 0; i < slots; i++) {
        ids[i] = list.getNativeLong((long) i * Native.LONG_SIZE).longValue();
      }
    }
    return ids;
  }

  private void expectOk(String function, Object... arguments) {
    long result = call(function, arguments);
    if (result != CKR_OK) {
      throw failed(function, result);
    }
  }

  private long call(String function, Object... arguments) {
    NativeLong result =
        (NativeLong) library.getFunction(function).invoke(NativeLong.class, arguments);
    return result.longValue();
  }

  private static IllegalStateException failed(String function, long result) {
    return new IllegalStateException(function + " answered 0x" + Long.toHexString(result));
  }
}
