/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a factory shall make for one device.
 *
 * @param serial the device's serial number: 1 to 64 of {@code [A-Za-z0-9.-]}, starting with a
 *     letter or digit
 * @param model for the label: 1 to 64 characters, no control characters
 * @param key in a TPM ({@code tpm:/dev/tpmrm0?handle=0x81020000}) or a token
 *     ({@code pkcs11:token=...;object=...}); null for a key in a file
 * @param makers if there are any, the key has to be in a TPM that one of these CAs has certified
 */
public record IdevidOrder(
    String serial, @Nullable String model, @Nullable URI key, List<X509Certificate> makers) {
  // No '_': a serialNumber attribute is a PrintableString, which has none (X.680, 41.4), and strict
  // parsers refuse the whole certificate. A letter or digit first: it may become a file's name.
  private static final Pattern SERIAL = Pattern.compile("[A-Za-z0-9][A-Za-z0-9.-]{0,63}");
  private static final int MAX_MODEL_CHARS = 64;

  /** @throws IllegalArgumentException telling what is expected */
  public IdevidOrder {
    requireNonNull(serial, "serial");
    if (!SERIAL.matcher(serial).matches()) {
      throw new IllegalArgumentException("serial: " + Quoted.of(serial)
          + " (expected: 1 to 64 of [A-Za-z0-9.-], starting with a letter or digit)");
    }
    if (model != null && !isName(model)) {
      throw new IllegalArgumentException(
          "model: " + Quoted.of(model) + " (expected: 1 to 64 characters, no control characters)");
    }
    makers = List.copyOf(makers);
  }

  /** A device with its key in a file. */
  public static IdevidOrder of(String serial) {
    return new IdevidOrder(serial, null, null, List.of());
  }

  private static boolean isName(String model) {
    return !model.isBlank()
        && model.length() <= MAX_MODEL_CHARS
        && model.codePoints().noneMatch(Character::isISOControl);
  }
}
