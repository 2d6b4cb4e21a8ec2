/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.telemetry;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Some SenML records in their order; each is read in the light of those before it (RFC 8428). */
public record SenmlPack(List<SenmlRecord> records) {
  /** What is put behind a metric's name to name its integral over time, the {@code s} of SenML. */
  public static final String SUM_SUFFIX = ".sum";

  /** The version that RFC 8428 describes (RFC 8428, 4.4). */
  private static final int VERSION = 10;

  /** Times below it count from the present (RFC 8428, 4.5.3). */
  private static final double ABSOLUTE_FROM = 1 << 28;

  /** The end of the year 9999: what RFC 3339 can still write. */
  private static final double LATEST = 253_402_300_799.0;

  /** RFC 8428, 4.5.1. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9:./_-]*");

  private static final int MAX_NAME = 128;

  public SenmlPack {
    records = List.copyOf(records);
  }

  /**
   * Resolves the records: base fields applied, relative times anchored (RFC 8428, 4.6).
   *
   * @param present what relative times count from: when the pack was received
   * @return a measurement for each value, and one named {@code <name>.sum} for each sum
   * @throws IllegalArgumentException if a record does not resolve; the message names its place
   */
  public List<Measurement> resolve(Instant present) {
    requireNonNull(present, "present");
    List<Measurement> measurements = new ArrayList<>();
    Base base = new Base();
    for (int i = 0; i < records.size(); i++) {
      try {
        base.take(records.get(i));
        base.resolve(records.get(i), present, measurements);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("record " + i + ": " + e.getMessage(), e);
      }
    }
    return measurements;
  }

  /** The base fields in force; each holds until a later record sets it anew. */
  private static final class Base {
    private String name = "";
    private double time;
    private @Nullable String unit;
    private double value;
    /** Null as long as none is named: then a measurement has no sum (RFC 8428, 4.5.4). */
    private @Nullable Double sum;

    private @Nullable Integer version;

    void take(SenmlRecord record) {
      name = record.baseName() == null ? name : record.baseName();
      time = record.baseTime() == null ? time : record.baseTime();
      unit = record.baseUnit() == null ? unit : record.baseUnit();
      value = record.baseValue() == null ? value : record.baseValue();
      sum = record.baseSum() == null ? sum : record.baseSum();
      if (record.baseVersion() != null) {
        takeVersion(record.baseVersion());
      }
    }

    private void takeVersion(int next) {
      if (next < 1 || next > VERSION || (version != null && version != next)) {
        throw new IllegalArgumentException(
            "bver: " + next + " (expected: 1 to " + VERSION + ", the same in the whole pack)");
      }
      version = next;
    }

    void resolve(SenmlRecord record, Instant present, List<Measurement> into) {
      if (record.isBaseOnly()) {
        return;
      }
      String metric = checkName(name + (record.name() == null ? "" : record.name()));
      Instant when = when(time + (record.time() == null ? 0 : record.time()), present);
      Measurement.Value measured = valueOf(record);
      Measurement.Value total = sumOf(record);
      if (measured == null && total == null) {
        throw new IllegalArgumentException("no value (expected: one of v, vs, vb, vd, s)");
      }
      if (measured != null) {
        String named = record.unit() == null ? unit : record.unit();
        into.add(new Measurement(metric, named, when, measured));
      }
      if (total != null) {
        into.add(new Measurement(checkName(metric + SUM_SUFFIX), null, when, total));
      }
    }

    private Measurement.@Nullable Value sumOf(SenmlRecord record) {
      if (sum == null && record.sum() == null) {
        return null;
      }
      double based = sum == null ? 0 : sum;
      return new Measurement.Value.Number(based + (record.sum() == null ? 0 : record.sum()));
    }

    private Measurement.@Nullable Value valueOf(SenmlRecord record) {
      if (record.value() != null) {
        return new Measurement.Value.Number(value + record.value());
      }
      if (record.text() != null) {
        return new Measurement.Value.Text(record.text());
      }
      if (record.data() != null) {
        // As SenML writes bytes in JSON: a kind of value of its own would change nothing for
        // anyone.
        return new Measurement.Value.Text(record.data());
      }
      return record.bool() == null ? null : new Measurement.Value.Bool(record.bool());
    }

    private static Instant when(double seconds, Instant present) {
      if (!(Math.abs(seconds) <= LATEST)) {
        throw new IllegalArgumentException(
            "time: " + seconds + " (expected: seconds up to the year 9999)");
      }
      double whole = Math.floor(seconds);
      long micros = Math.round((seconds - whole) * 1e6);
      Instant origin = seconds < ABSOLUTE_FROM ? present : Instant.EPOCH;
      return origin.plusSeconds((long) whole).plusNanos(micros * 1_000);
    }

    private static String checkName(String metric) {
      if (metric.length() > MAX_NAME || !NAME.matcher(metric).matches()) {
        throw new IllegalArgumentException("name: " + Quoted.of(metric) + " (expected: 1 to "
            + MAX_NAME + " of [A-Za-z0-9:./_-], starting with a letter or digit)");
      }
      return metric;
    }
  }
}
