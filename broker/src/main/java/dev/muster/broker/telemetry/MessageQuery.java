/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import dev.muster.protocol.identity.DeviceId;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads messages as they came. Blocks; safe for use by several threads. */
public final class MessageQuery {
  /** How many bytes of payloads a page has at most, unless its first message alone has more. */
  static final int PAGE_BYTES = 4 * 1024 * 1024;

  /**
   * Both columns of the index in its order: asked to order by the id alone, H2 reads all messages
   * of the device, payloads and all, and sorts them.
   */
  static final String PART = "SELECT id, stream, boot, seq, received_us, payload FROM message"
      + " WHERE device=? AND id>? ORDER BY device, id LIMIT ?";

  /** The database holds the whole answer to a statement in memory; so ask for a few at a time. */
  private static final int PART_ROWS = 32;

  private final TelemetryDatabase database;

  public MessageQuery(TelemetryDatabase database) {
    this.database = database;
  }

  /** A message as it came. @param payload text; what is no UTF-8 is replaced */
  public record Message(
      long id,
      String stream,
      @Nullable String boot,
      @Nullable Long sequence,
      Instant receivedAt,
      String payload) {}

  /**
   * Messages of a device in the order of their ids.
   *
   * @param after the id before the first
   * @param limit how many at most; of large ones there are fewer
   */
  public Page<Message> messages(DeviceId device, long after, int limit) throws SQLException {
    List<Message> page = new ArrayList<>();
    long bytes = 0;
    long last = after;
    try (Connection connection = database.connectToRead()) {
      while (page.size() < limit) {
        int asked = Math.min(PART_ROWS, limit - page.size());
        int found = 0;
        try (PreparedStatement select = part(connection, device, last, asked);
            ResultSet rows = select.executeQuery()) {
          for (; rows.next(); found++) {
            byte[] payload = rows.getBytes(6);
            bytes += payload.length;
            if (bytes > PAGE_BYTES && !page.isEmpty()) {
              return new Page<>(page, true);
            }
            last = rows.getLong(1);
            page.add(message(rows, payload));
          }
        }
        if (found < asked) {
          return new Page<>(page, false);
        }
      }
    }
    return new Page<>(page, limit > 0);
  }

  /** Anew each time, for what is left of the time. */
  private static PreparedStatement part(
      Connection connection, DeviceId device, long after, int rows) throws SQLException {
    PreparedStatement select = connection.prepareStatement(PART);
    select.setString(1, device.value());
    select.setLong(2, after);
    select.setInt(3, rows);
    return select;
  }

  private static Message message(ResultSet rows, byte[] payload) throws SQLException {
    long sequence = rows.getLong(4);
    Long present = rows.wasNull() ? null : sequence;
    return new Message(
        rows.getLong(1),
        rows.getString(2),
        rows.getString(3),
        present,
        Micros.time(rows.getLong(5)),
        new String(payload, StandardCharsets.UTF_8));
  }
}
