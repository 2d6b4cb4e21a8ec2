/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Writes measurements as a SenML pack in JSON (RFC 8428, 5).
 *
 * <p>Times are absolute, in seconds since 1970, to the microsecond; one time that all measurements
 * share is written once, as the base time. A time before July 1978 is that of a clock that was
 * never set; it is left out, and the receiver takes its own. The pack has no base name: the topic
 * already tells whose it is.
 */
public final class SenmlJson {
  /** The media type of what is written here (RFC 8428, 12.3.1). */
  public static final String MEDIA_TYPE = "application/senml+json";

  /** What a name may be made of (RFC 8428, 4.5.1). */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][-A-Za-z0-9:./_]{0,127}");

  /** Below it a time counts as relative to now (RFC 8428, 4.5.3). */
  private static final long FIRST_ABSOLUTE_SECOND = 1L << 28;

  /** From here on a double has no fraction, and its digits stop being exact. */
  private static final double EXACT_INTEGERS = 1L << 53;

  private static final int MICROSECONDS = 6;

  private static final String BASE_TIME = "\"bt\":";

  private SenmlJson() {}

  /**
   * Writes a pack.
   *
   * @param measurements at least one, in the order in which they are to appear
   * @return UTF-8
   * @throws IllegalArgumentException if there is none, or if a metric is not a SenML name
   */
  public static byte[] write(List<Measurement> measurements) {
    requireNonNull(measurements, "measurements");
    if (measurements.isEmpty()) {
      throw new IllegalArgumentException("measurements: none (expected: at least one)");
    }
    Instant first = measurements.get(0).time();
    boolean shared =
        measurements.stream().allMatch(measurement -> measurement.time().equals(first));
    StringBuilder json = new StringBuilder(32 + 48 * measurements.size()).append('[');
    for (int i = 0; i < measurements.size(); i++) {
      json.append(i == 0 ? "{" : ",{");
      writeTime(json, measurements.get(i).time(), shared, i == 0);
      writeRecord(json, measurements.get(i));
      json.append('}');
    }
    return json.append(']').toString().getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Checks that {@code metric} can be written.
   *
   * @return {@code metric}
   * @throws IllegalArgumentException unless it is 1 to 128 of {@code [A-Za-z0-9-:./_]}, starting
   *     with a letter or digit
   */
  public static String checkMetric(String metric) {
    requireNonNull(metric, "metric");
    if (!NAME.matcher(metric).matches()) {
      throw new IllegalArgumentException("metric: " + Quoted.of(metric)
          + " (expected: 1 to 128 of [A-Za-z0-9-:./_], starting with a letter or digit)");
    }
    return metric;
  }

  /**
   * A pack that was written here, with all its times later by {@code by}: for a device that learns
   * only afterwards what time it was. SenML adds a base time to each time that follows it.
   */
  public static byte[] shift(byte[] pack, Duration by) {
    String json = new String(pack, StandardCharsets.UTF_8);
    if (!json.startsWith("[{")) {
      throw new IllegalArgumentException("pack: not written here (expected: an array of records)");
    }
    BigDecimal base = BigDecimal.valueOf(by.toMillis(), 3);
    String rest = json.substring(2);
    if (rest.startsWith(BASE_TIME)) {
      int end = rest.indexOf(',');
      base = base.add(new BigDecimal(rest.substring(BASE_TIME.length(), end)));
      rest = rest.substring(end + 1);
    }
    return ("[{" + BASE_TIME + base.stripTrailingZeros().toPlainString() + "," + rest)
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void writeTime(StringBuilder json, Instant time, boolean shared, boolean first) {
    boolean clockNeverSet = time.getEpochSecond() < FIRST_ABSOLUTE_SECOND;
    if (clockNeverSet || (shared && !first)) {
      return;
    }
    BigDecimal seconds = BigDecimal.valueOf(time.getEpochSecond())
        .add(BigDecimal.valueOf(time.getNano(), 9))
        .setScale(MICROSECONDS, RoundingMode.DOWN)
        .stripTrailingZeros();
    json.append(shared ? BASE_TIME : "\"t\":").append(seconds.toPlainString()).append(',');
  }

  private static void writeRecord(StringBuilder json, Measurement measurement) {
    json.append("\"n\":\"").append(checkMetric(measurement.metric())).append('"');
    String unit = measurement.unit();
    if (unit != null) {
      json.append(",\"u\":");
      writeText(json, unit);
    }
    Measurement.Value value = measurement.value();
    if (value instanceof Measurement.Value.Number number) {
      json.append(",\"v\":");
      writeNumber(json, number.number());
    } else if (value instanceof Measurement.Value.Text text) {
      json.append(",\"vs\":");
      writeText(json, text.text());
    } else if (value instanceof Measurement.Value.Bool bool) {
      json.append(",\"vb\":").append(bool.bool());
    } else {
      throw new IllegalStateException("value of unknown kind: " + value);
    }
  }

  private static void writeNumber(StringBuilder json, double number) {
    boolean integer = number == Math.rint(number) && Math.abs(number) < EXACT_INTEGERS;
    if (integer) {
      json.append((long) number);
    } else {
      json.append(number);
    }
  }

  private static void writeText(StringBuilder json, String text) {
    json.append('"');
    int written = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\' || c < 0x20 || isHalf(text, i)) {
        json.append(text, written, i);
        writeEscaped(json, c);
        written = i + 1;
      }
    }
    // As a rule it is the whole text, which is copied much faster than by characters.
    json.append(text.substring(written)).append('"');
  }

  /** Half a character: it has no UTF-8 (RFC 8259, 8.2). */
  private static boolean isHalf(String text, int i) {
    char c = text.charAt(i);
    if (Character.isHighSurrogate(c)) {
      return i + 1 == text.length() || !Character.isLowSurrogate(text.charAt(i + 1));
    }
    return Character.isLowSurrogate(c)
        && (i == 0 || !Character.isHighSurrogate(text.charAt(i - 1)));
  }

  private static void writeEscaped(StringBuilder json, char c) {
    if (c == '"' || c == '\\') {
      json.append('\\').append(c);
    } else if (c < 0x20) {
      json.append(String.format("\\u%04x", (int) c));
    } else {
      json.append('\ufffd');
    }
  }
}
