/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.idevid;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.util.Arrays;
import java.util.stream.Collectors;

/**
 * Where a manufacturer writes the serial number of a device (RFC 8995, 2.3.1 wants that to be
 * configurable for each).
 *
 * @param prefix what stands before the serial number and is no part of it, as {@code urn:dev:mac:};
 *     empty for none
 */
public record IdentityRule(Source source, String prefix) {
  /** 802.1AR's own; a hardwareModuleName must say the same, or may stand alone. */
  public static final IdentityRule DEFAULT = new IdentityRule(Source.SERIAL_NUMBER, "");

  private static final int MAX_PREFIX = 64;

  /** A place in the IDevID. */
  public enum Source {
    SERIAL_NUMBER("subject.serialNumber"),
    COMMON_NAME("subject.CN"),
    HARDWARE_MODULE_NAME("san.hardwareModuleName"),
    URI("san.uri");

    private final String label;

    Source(String label) {
      this.label = label;
    }

    /** As in JSON and in the database. */
    public String label() {
      return label;
    }
  }

  /** @throws IllegalArgumentException if the prefix has more than printable ASCII */
  public IdentityRule {
    requireNonNull(source, "source");
    if (prefix.length() > MAX_PREFIX || !prefix.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException("identity: prefix " + Quoted.of(prefix)
          + " (expected: up to " + MAX_PREFIX + " printable ASCII characters, no spaces)");
    }
  }

  /**
   * Reads {@code <source>} or {@code <source>=<prefix>}.
   *
   * @throws IllegalArgumentException if there is no such source
   */
  public static IdentityRule of(String text) {
    int equals = text.indexOf('=');
    String label = equals < 0 ? text : text.substring(0, equals);
    String prefix = equals < 0 ? "" : text.substring(equals + 1);
    for (Source source : Source.values()) {
      if (source.label.equals(label)) {
        return new IdentityRule(source, prefix);
      }
    }
    String expected =
        Arrays.stream(Source.values()).map(Source::label).collect(Collectors.joining(", "));
    throw new IllegalArgumentException("identity: " + Quoted.of(text) + " (expected: one of "
        + expected + ", and =PREFIX for what stands before the serial number)");
  }

  /** What {@link #of} reads. */
  @Override
  public String toString() {
    return prefix.isEmpty() ? source.label : source.label + "=" + prefix;
  }
}
