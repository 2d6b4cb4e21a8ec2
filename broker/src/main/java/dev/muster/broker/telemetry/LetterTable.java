/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.broker.telemetry.format.Reading;
import io.micrometer.core.instrument.Counter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Writes what is kept aside, and keeps it within bounds: of a device that has more than its share,
 * the oldest go, for what is wrong now is what somebody will look at.
 *
 * <p>Used by the writer's thread, for one batch after another; thrown away with the writer when a
 * batch fails.
 */
final class LetterTable {
  private static final String INSERT =
      "INSERT INTO dead_letter (id, fleet, device, stream, boot, seq,"
          + " received_us, content_type, payload, reason, due_us) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
  private static final String FIND = "SELECT 1 FROM dead_letter WHERE id=?";
  private static final String DELETE = "DELETE FROM dead_letter WHERE id=?";
  private static final String EXPLAIN = "UPDATE dead_letter SET reason=?, due_us=NULL WHERE id=?";
  private static final String SIZES = "SELECT id, OCTET_LENGTH(payload) FROM dead_letter"
      + " WHERE device=? ORDER BY device, id DESC";
  private static final String DELETE_OLDEST = "DELETE FROM dead_letter WHERE device=? AND id<=?";

  private static final int KNOWN_DEVICES = 10_000;

  /**
   * Down to this much of its share a device's letters are cut, so that it is not done each time.
   */
  private static final double CUT_TO = 0.9;

  /** How much there is of a device, at most: what is taken away meanwhile is not subtracted. */
  private static final class Share {
    int letters;
    long bytes;
  }

  private final Connection connection;
  private final IntakeLimits limits;
  private final Counter dropped;
  private final Set<String> touched = new HashSet<>();
  private final Map<String, Share> shares = new LinkedHashMap<>(16, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Share> eldest) {
      return size() > KNOWN_DEVICES;
    }
  };

  LetterTable(Connection connection, IntakeLimits limits, Counter dropped) {
    this.connection = connection;
    this.limits = limits;
    this.dropped = dropped;
  }

  /** Begins a batch. */
  PreparedStatement begin() throws SQLException {
    touched.clear();
    return connection.prepareStatement(INSERT);
  }

  /** Adds one to the batch. */
  void add(PreparedStatement insert, long id, TelemetryMessage message, String reason)
      throws SQLException {
    TelemetryWriter.setCommon(insert, id, message);
    insert.setString(10, reason);
    if (message.reading() instanceof Reading.Early early) {
      insert.setLong(11, Micros.of(early.due()));
    } else {
      insert.setNull(11, Types.BIGINT);
    }
    insert.addBatch();
    String device = message.topic().device().value();
    touched.add(device);
    Share share = shares.get(device);
    if (share != null) {
      share.letters++;
      share.bytes += message.payload().length;
    }
  }

  /** Cuts the shares of those that have more, when the batch is written. */
  void cut() throws SQLException {
    for (String device : touched) {
      Share share = shares.get(device);
      if (share == null || isTooMuch(share, 1)) {
        shares.put(device, cut(device));
      }
    }
  }

  private boolean isTooMuch(Share share, double part) {
    return share.letters > part * limits.deadLetters()
        || share.bytes > part * limits.deadLetterBytes();
  }

  private Share cut(String device) throws SQLException {
    Share all = new Share();
    Share kept = new Share();
    long newestToGo = 0;
    try (PreparedStatement sizes = connection.prepareStatement(SIZES)) {
      sizes.setString(1, device);
      try (ResultSet rows = sizes.executeQuery()) {
        while (rows.next()) {
          all.letters++;
          all.bytes += rows.getLong(2);
          if (newestToGo == 0 && isTooMuch(all, CUT_TO) && all.letters > 1) {
            newestToGo = rows.getLong(1);
          } else if (newestToGo == 0) {
            kept.letters = all.letters;
            kept.bytes = all.bytes;
          }
        }
      }
    }
    if (!isTooMuch(all, 1)) {
      return all;
    }
    try (PreparedStatement delete = connection.prepareStatement(DELETE_OLDEST)) {
      delete.setString(1, device);
      delete.setLong(2, newestToGo);
      dropped.increment(delete.executeUpdate());
    }
    return kept;
  }

  /** Whether one is still there. */
  boolean has(long id) throws SQLException {
    try (PreparedStatement find = connection.prepareStatement(FIND)) {
      find.setLong(1, id);
      try (ResultSet rows = find.executeQuery()) {
        return rows.next();
      }
    }
  }

  void takeAway(long id) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement(DELETE)) {
      delete.setLong(1, id);
      delete.executeUpdate();
    }
  }

  /** Says anew why one is kept aside. */
  void explain(long id, String reason) throws SQLException {
    try (PreparedStatement explain = connection.prepareStatement(EXPLAIN)) {
      explain.setString(1, reason);
      explain.setLong(2, id);
      explain.executeUpdate();
    }
  }
}
