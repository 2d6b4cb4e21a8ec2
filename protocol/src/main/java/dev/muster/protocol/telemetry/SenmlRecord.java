/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import org.jspecify.annotations.Nullable;

/**
 * One SenML record as it came, before base fields are applied (RFC 8428, 4). A field that was not
 * there is null.
 *
 * @param baseName {@code bn}, goes before the names of this and the following records
 * @param baseTime {@code bt}, seconds, is added to their times
 * @param baseUnit {@code bu}, holds where a record names no unit
 * @param baseValue {@code bv}, is added to their values
 * @param baseSum {@code bs}, is added to their sums
 * @param baseVersion {@code bver}, the version of SenML
 * @param name {@code n}
 * @param unit {@code u}
 * @param value {@code v}
 * @param text {@code vs}
 * @param bool {@code vb}
 * @param data {@code vd}, bytes as base64url without padding
 * @param sum {@code s}, the integral of the value over time
 * @param time {@code t}, seconds since the epoch; below 2^28 relative to the present
 */
public record SenmlRecord(
    @Nullable String baseName,
    @Nullable Double baseTime,
    @Nullable String baseUnit,
    @Nullable Double baseValue,
    @Nullable Double baseSum,
    @Nullable Integer baseVersion,
    @Nullable String name,
    @Nullable String unit,
    @Nullable Double value,
    @Nullable String text,
    @Nullable Boolean bool,
    @Nullable String data,
    @Nullable Double sum,
    @Nullable Double time) {

  /**
   * @throws IllegalArgumentException if a number is not finite, or if there is more than one value
   *     (RFC 8428, 4.2)
   */
  public SenmlRecord {
    checkFinite("bt", baseTime);
    checkFinite("bv", baseValue);
    checkFinite("bs", baseSum);
    checkFinite("v", value);
    checkFinite("s", sum);
    checkFinite("t", time);
    if (count(value, text, bool, data) > 1) {
      throw new IllegalArgumentException("record: several values (expected: one of v, vs, vb, vd)");
    }
  }

  /** Whether it sets base fields for those that follow, and measures nothing itself. */
  boolean isBaseOnly() {
    return count(value, text, bool, data, sum, name, time) == 0
        && count(baseName, baseTime, baseUnit, baseValue, baseSum, baseVersion) > 0;
  }

  private static int count(@Nullable Object... fields) {
    int present = 0;
    for (Object field : fields) {
      present += field == null ? 0 : 1;
    }
    return present;
  }

  private static void checkFinite(String field, @Nullable Double number) {
    if (number != null && !Double.isFinite(number)) {
      throw new IllegalArgumentException(field + ": " + number + " (expected: a finite number)");
    }
  }
}
