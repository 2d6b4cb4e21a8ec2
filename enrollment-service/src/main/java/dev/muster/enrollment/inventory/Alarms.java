/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import dev.muster.protocol.identity.DeviceId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Alarms about devices and programs. */
public final class Alarms {
  private final Sql sql;

  Alarms(Sql sql) {
    this.sql = sql;
  }

  /** As {@link #raise}, unless an operator has yet to look at the same. @return if it was raised */
  public boolean raiseAnew(String kind, DeviceId device, String detail, Instant now) {
    return raiseAnew(kind, device, null, detail, now);
  }

  /** As the other. @param subject of the certificate of the program of that name; null for none */
  public boolean raiseAnew(
      String kind, DeviceId device, @Nullable String subject, String detail, Instant now) {
    boolean open = sql.statement("SELECT EXISTS (SELECT 1 FROM alarm WHERE device = :device"
            + " AND kind = :kind AND detail = :detail AND acknowledged_at IS NULL)")
        .bind("device", device.value())
        .bind("kind", kind)
        .bind("detail", detail)
        .one(row -> row.getBoolean(1));
    if (!open) {
      raise(kind, device, subject, detail, now);
    }
    return !open;
  }

  public void raise(String kind, DeviceId device, String detail, Instant now) {
    raise(kind, device, null, detail, now);
  }

  private void raise(
      String kind, DeviceId device, @Nullable String subject, String detail, Instant now) {
    sql.statement("INSERT INTO alarm (id, kind, device, subject, detail, raised_at)"
            + " VALUES (:id, :kind, :device, :subject, :detail, :now)")
        .bind("id", UUID.randomUUID().toString())
        .bind("kind", kind)
        .bind("device", device.value())
        .bind("subject", subject)
        .bind("detail", detail)
        .bind("now", now)
        .execute();
  }

  /** The newest first. @param all also those that an operator has acknowledged */
  public List<Alarm> newest(Within within, boolean all, int limit) {
    return sql.statement("SELECT * FROM alarm WHERE TRUE"
            + (all ? "" : " AND acknowledged_at IS NULL") + within.andDevice("device")
            + " ORDER BY raised_at DESC, id LIMIT :limit")
        .bindAll(within.values())
        .bind("limit", limit)
        .list(Alarms::alarm);
  }

  public Optional<Alarm> find(String id) {
    return sql.statement("SELECT * FROM alarm WHERE id = :id").bind("id", id).first(Alarms::alarm);
  }

  public void acknowledge(String id, String by, Instant now) {
    sql.statement("UPDATE alarm SET acknowledged_at = :now, acknowledged_by = :by WHERE id = :id")
        .bind("id", id)
        .bind("by", by)
        .bind("now", now)
        .execute();
  }

  private static Alarm alarm(ResultSet row) throws SQLException {
    return new Alarm(
        row.getString("id"),
        row.getString("kind"),
        new DeviceId(row.getString("device")),
        row.getString("subject"),
        row.getString("detail"),
        Columns.instant(row, "raised_at"),
        Columns.instantOrNull(row, "acknowledged_at"),
        row.getString("acknowledged_by"));
  }
}
