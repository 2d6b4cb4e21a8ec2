/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.sequence;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.protocol.identity.DeviceId;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Tells which messages of a device are missing. Blocks; safe for use by several threads. */
public final class SequenceQuery {
  private static final String SELECT = "SELECT boot, first_seq, last_seq, seen_us"
      + " FROM sequence_range WHERE device=? ORDER BY device, boot, first_seq";

  private final TelemetryDatabase database;

  public SequenceQuery(TelemetryDatabase database) {
    this.database = database;
  }

  /** The boots of a device, that of the newest message first. */
  public List<BootSequence> ofDevice(DeviceId device) throws SQLException {
    Map<String, BootSequence> boots = new LinkedHashMap<>();
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setString(1, device.value());
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          BootSequence range = new BootSequence(
              rows.getString(1),
              rows.getLong(2),
              rows.getLong(3),
              Micros.time(rows.getLong(4)),
              List.of());
          boots.merge(range.boot(), range, SequenceQuery::join);
        }
      }
    }
    return boots.values().stream()
        .sorted(Comparator.comparing(BootSequence::lastReceivedAt).reversed())
        .toList();
  }

  private static BootSequence join(BootSequence lower, BootSequence higher) {
    List<BootSequence.Gap> gaps = new ArrayList<>(lower.gaps());
    gaps.add(new BootSequence.Gap(lower.last() + 1, higher.first() - 1));
    Instant newest = lower.lastReceivedAt().isAfter(higher.lastReceivedAt())
        ? lower.lastReceivedAt()
        : higher.lastReceivedAt();
    return new BootSequence(lower.boot(), lower.first(), higher.last(), newest, gaps);
  }
}
