/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry.deadletter;

import dev.muster.broker.telemetry.Micros;
import dev.muster.broker.telemetry.Page;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is kept aside. To store one is the sink's work, for it alone writes messages: it takes the
 * letter away in the same transaction. Blocks; safe for use by several threads.
 */
public final class DeadLetters {
  /** How many bytes of payloads a page has at most, unless its first letter alone has more. */
  private static final int PAGE_BYTES = 4 * 1024 * 1024;

  private static final String COLUMNS = "SELECT id, fleet, device, stream, boot, seq, received_us,"
      + " content_type, reason, due_us, OCTET_LENGTH(payload)";
  private static final String PAYLOAD = ", payload";
  private static final String FROM = " FROM dead_letter WHERE ";
  /** All columns of the index in its order, as for messages. */
  private static final String OF_DEVICE = "device=? AND id<? ORDER BY device, id DESC LIMIT ?";

  /** What lists the letters of a device, for a look at how the database does it. */
  public static final String LIST_OF_DEVICE = COLUMNS + FROM + OF_DEVICE;

  private static final String OF_ALL = "id<? ORDER BY id DESC LIMIT ?";
  private static final String DUE = "due_us<=? ORDER BY due_us LIMIT ?";
  private static final String BY_ID = "id=?";
  private static final String DELETE = "DELETE FROM dead_letter WHERE id=?";

  private final TelemetryDatabase database;

  public DeadLetters(TelemetryDatabase database) {
    this.database = database;
  }

  /** As below, of all fleets. */
  public Page<DeadLetter> list(@Nullable DeviceId device, long before, int limit, boolean payloads)
      throws SQLException {
    return list(List.of(), device, before, limit, payloads);
  }

  /**
   * The newest first.
   *
   * @param fleets whose devices' they were; none for all
   * @param device null: of all devices
   * @param before the id after the first
   * @param payloads whether with them
   */
  public Page<DeadLetter> list(
      List<String> fleets, @Nullable DeviceId device, long before, int limit, boolean payloads)
      throws SQLException {
    String which = TelemetryDatabase.within(fleets);
    String sql = COLUMNS
        + (payloads ? PAYLOAD : "")
        + FROM
        + (device == null ? OF_ALL : OF_DEVICE).replace(" ORDER", which + " ORDER");
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(sql)) {
      int next = 1;
      if (device != null) {
        select.setString(next++, device.value());
      }
      select.setLong(next++, before);
      for (String fleet : fleets) {
        select.setString(next++, fleet);
      }
      select.setInt(next, limit + 1);
      try (ResultSet rows = select.executeQuery()) {
        return page(rows, limit, payloads);
      }
    }
  }

  private static Page<DeadLetter> page(ResultSet rows, int limit, boolean payloads)
      throws SQLException {
    List<DeadLetter> letters = new ArrayList<>();
    long bytes = 0;
    while (rows.next()) {
      bytes += payloads ? rows.getInt(11) : 0;
      if (letters.size() == limit || (bytes > PAGE_BYTES && !letters.isEmpty())) {
        return new Page<>(letters, true);
      }
      letters.add(read(rows, payloads));
    }
    return new Page<>(letters, false);
  }

  /** How many there are. */
  public long count() throws SQLException {
    return count(List.of());
  }

  /** How many there are of devices that were of some fleets; none for all. */
  public long count(List<String> fleets) throws SQLException {
    String sql = "SELECT COUNT(*) FROM dead_letter WHERE id>0" + TelemetryDatabase.within(fleets);
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(sql)) {
      int next = 1;
      for (String fleet : fleets) {
        select.setString(next++, fleet);
      }
      try (ResultSet rows = select.executeQuery()) {
        rows.next();
        return rows.getLong(1);
      }
    }
  }

  /** One with its payload; empty if it is not there. */
  public Optional<DeadLetter> find(long id) throws SQLException {
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(COLUMNS + PAYLOAD + FROM + BY_ID)) {
      select.setLong(1, id);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(read(rows, true)) : Optional.empty();
      }
    }
  }

  /** Those whose time has come, with their payloads. */
  List<DeadLetter> due(Instant now, int limit) throws SQLException {
    List<DeadLetter> letters = new ArrayList<>();
    try (Connection connection = database.connectToRead();
        PreparedStatement select = connection.prepareStatement(COLUMNS + PAYLOAD + FROM + DUE)) {
      select.setLong(1, Micros.of(now));
      select.setInt(2, limit);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          letters.add(read(rows, true));
        }
      }
    }
    return letters;
  }

  private static DeadLetter read(ResultSet rows, boolean payload) throws SQLException {
    String boot = rows.getString(5);
    long due = rows.getLong(10);
    return new DeadLetter(
        rows.getLong(1),
        new TelemetryTopic(
            new FleetName(rows.getString(2)), new DeviceId(rows.getString(3)), rows.getString(4)),
        boot == null ? null : new MessageIdentity(boot, rows.getLong(6)),
        Micros.time(rows.getLong(7)),
        rows.getString(8),
        rows.getInt(11),
        rows.getString(9),
        due == 0 ? null : Micros.time(due),
        payload ? new Payload(rows.getBytes(12)) : null);
  }

  /**
   * Reads a letter anew, for the sink.
   *
   * @param letter with its payload
   * @param contentType what it is to be read as; null: what the device has named
   */
  public static TelemetryMessage reread(DeadLetter letter, @Nullable String contentType) {
    Payload payload = letter.payload();
    if (payload == null) {
      throw new IllegalStateException("letter " + letter.id() + " without its payload");
    }
    return TelemetryMessage.replay(
        letter.id(),
        letter.topic(),
        letter.identity(),
        letter.receivedAt(),
        contentType == null ? letter.contentType() : contentType,
        payload.bytes());
  }

  /** Lets one go for good. @return whether it was there */
  public boolean discard(long id) throws SQLException {
    try (Connection connection = database.connect();
        PreparedStatement delete = connection.prepareStatement(DELETE)) {
      delete.setLong(1, id);
      boolean there = delete.executeUpdate() > 0;
      database.flush(connection);
      return there;
    }
  }
}
