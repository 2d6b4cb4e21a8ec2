/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.skew;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.format.Reading;
import dev.muster.broker.telemetry.format.TelemetryCodec;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.Measurement;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Estimates the skew of a device's clock from its newest messages. Blocks. */
public final class SkewQuery {
  private static final int NEWEST = 64;
  /** Held messages with them: a clock that is ahead shows in nothing else. */
  private static final List<String> SOURCES = List.of(
      "SELECT received_us, content_type, payload FROM message"
          + " WHERE device=? ORDER BY device, id DESC LIMIT " + NEWEST,
      "SELECT received_us, content_type, payload FROM dead_letter"
          + " WHERE device=? AND due_us IS NOT NULL ORDER BY device, id DESC LIMIT " + NEWEST);

  /**
   * SenML times below count from the present (RFC 8428, 4.5.3): read as of the epoch, they show.
   */
  private static final Instant FIRST_ABSOLUTE = Instant.ofEpochSecond(1L << 28);

  private record Difference(Instant receivedAt, Duration behind) {}

  private final TelemetryDatabase database;

  public SkewQuery(TelemetryDatabase database) {
    this.database = database;
  }

  /** Empty if none of its newest messages carries a time of the device's own clock. */
  public Optional<ClockSkew> ofDevice(DeviceId device) throws SQLException {
    List<Difference> differences = new ArrayList<>();
    try (Connection connection = database.connectToRead()) {
      for (String sql : SOURCES) {
        try (PreparedStatement select = connection.prepareStatement(sql)) {
          select.setString(1, device.value());
          try (ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              difference(rows).ifPresent(differences::add);
            }
          }
        }
      }
    }
    return ClockSkew.estimate(differences.stream()
        .sorted(Comparator.comparing(Difference::receivedAt).reversed())
        .limit(NEWEST)
        .map(Difference::behind)
        .toList());
  }

  private static Optional<Difference> difference(ResultSet rows) throws SQLException {
    Instant received = Micros.time(rows.getLong(1));
    Reading reading = TelemetryCodec.decode(rows.getBytes(3), rows.getString(2), Instant.EPOCH);
    if (!(reading instanceof Reading.Readable readable)) {
      return Optional.empty();
    }
    // Of several times in a pack, the newest is that of its sending.
    return readable.measurements().stream()
        .map(Measurement::time)
        .filter(time -> !time.isBefore(FIRST_ABSOLUTE))
        .max(Comparator.naturalOrder())
        .map(time -> new Difference(received, Duration.between(time, received)));
  }
}
