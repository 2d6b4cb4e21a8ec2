/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import dev.muster.enrollment.inventory.ManifestEntry;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Takes the rows of a manifest one by one, sound and unsound ones, as they are read. */
interface ManifestRows {
  /** A row that can be used. @param row counted from 1; in CSV that is the header */
  void entry(int row, ManifestEntry entry);

  /** A row that cannot. */
  void problem(int row, String reason);

  /**
   * Checks what a row says.
   *
   * @throws IllegalArgumentException with the field that is wrong, worded for the operator
   */
  static ManifestEntry checked(
      @Nullable String serial,
      @Nullable String fleet,
      @Nullable String device,
      Map<String, String> tags,
      @Nullable String key) {
    String number = serial == null ? "" : serial;
    if (!Serial.GRAMMAR.matcher(number).matches()) {
      throw new IllegalArgumentException("serial: " + Quoted.of(number)
          + " (expected: 1 to 64 of [A-Za-z0-9._-], starting with a letter or digit)");
    }
    return new ManifestEntry(
        number,
        fleet == null ? null : new FleetName(fleet),
        device == null ? null : new DeviceId(device),
        tags.isEmpty() ? null : text(tags),
        key == null ? null : fingerprint(key));
  }

  /** As `openssl dgst` and labels write it; some programs write it in capitals. */
  private static Fingerprint fingerprint(String key) {
    try {
      return new Fingerprint(key.toLowerCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "key: " + Quoted.of(key)
              + " (expected: the SHA-256 of the IDevID's SubjectPublicKeyInfo, 64 hexadecimal digits)",
          e);
    }
  }

  /** In one order, so that the same tags are the same text. */
  private static String text(Map<String, String> tags) {
    String text = new TreeMap<>(Tag.checkCount(tags))
        .entrySet().stream()
            .map(tag -> new Tag(tag.getKey(), tag.getValue()))
            .map(tag -> tag.name() + "=" + tag.value())
            .collect(Collectors.joining(";"));
    if (text.length() > Serial.MAX_TAGS) {
      throw new IllegalArgumentException(
          "tags: " + text.length() + " characters (expected: at most " + Serial.MAX_TAGS + ")");
    }
    return text;
  }

  /** What a serial number and its tags are measured by. */
  final class Serial {
    private static final Pattern GRAMMAR = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");
    private static final int MAX_TAGS = 1000;

    private Serial() {}
  }
}
