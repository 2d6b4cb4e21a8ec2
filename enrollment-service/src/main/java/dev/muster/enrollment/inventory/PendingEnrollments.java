/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import dev.muster.protocol.identity.DeviceId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** Keys that wait for an operator. */
public final class PendingEnrollments {
  private final Sql sql;

  PendingEnrollments(Sql sql) {
    this.sql = sql;
  }

  public Optional<PendingEnrollment> find(DeviceId device, Fingerprint key) {
    return sql.statement(
            "SELECT * FROM pending_enrollment WHERE device = :device AND public_key = :key")
        .bind("device", device.value())
        .bind("key", key.hex())
        .first(PendingEnrollments::pending);
  }

  /** Those of a device, oldest first. */
  public List<PendingEnrollment> of(DeviceId device) {
    return sql.statement(
            "SELECT * FROM pending_enrollment WHERE device = :device ORDER BY since, public_key")
        .bind("device", device.value())
        .list(PendingEnrollments::pending);
  }

  /** Those of all devices that nobody has decided about, by device and key, after the one given. */
  public List<PendingEnrollment> waiting(Within within, String device, String key, int limit) {
    return sql.statement("SELECT * FROM pending_enrollment WHERE state = 'waiting'"
            + " AND (device > :device OR (device = :device AND public_key > :key))"
            + within.andDevice("device") + " ORDER BY device, public_key LIMIT :limit")
        .bindAll(within.values())
        .bind("device", device)
        .bind("key", key)
        .bind("limit", limit)
        .list(PendingEnrollments::pending);
  }

  public void insert(PendingEnrollment pending) {
    sql.statement("INSERT INTO pending_enrollment (device, public_key, state, reason, since,"
            + " last_seen) VALUES (:device, :key, :state, :reason, :since, :lastSeen)")
        .bind("device", pending.device().value())
        .bind("key", pending.key().hex())
        .bind("state", pending.state().label())
        .bind("reason", pending.reason())
        .bind("since", pending.since())
        .bind("lastSeen", pending.lastSeen())
        .execute();
  }

  /** It has asked again. @param reason why it waits now */
  public void seen(DeviceId device, Fingerprint key, String reason, Instant now) {
    sql.statement("UPDATE pending_enrollment SET last_seen = :now, reason = :reason"
            + " WHERE device = :device AND public_key = :key")
        .bind("device", device.value())
        .bind("key", key.hex())
        .bind("reason", reason)
        .bind("now", now)
        .execute();
  }

  /** Does what an operator decided, and keeps it. */
  public void decide(EnrollmentDecided decided) {
    sql.statement("UPDATE pending_enrollment SET state = :state, remark = :remark"
            + " WHERE device = :device AND public_key = :key")
        .bind("device", decided.device().value())
        .bind("key", decided.key().hex())
        .bind("state", decided.state().label())
        .bind("remark", decided.remark())
        .execute();
    sql.statement("INSERT INTO enrollment_decision (device, public_key, state, waited_for, remark,"
            + " decided_by, decided_at)"
            + " VALUES (:device, :key, :state, :waitedFor, :remark, :by, :at)")
        .bind("device", decided.device().value())
        .bind("key", decided.key().hex())
        .bind("state", decided.state().label())
        .bind("waitedFor", decided.waitedFor())
        .bind("remark", decided.remark())
        .bind("by", decided.by())
        .bind("at", decided.at())
        .execute();
  }

  /**
   * What operators decided, the newest first.
   *
   * @param state empty for whatever they did
   * @param before the number of the decision after which the list goes on
   */
  public List<EnrollmentDecided> decided(
      Within within, Optional<PendingEnrollment.State> state, long before, int limit) {
    SqlStatement statement = sql.statement("SELECT * FROM enrollment_decision WHERE seq < :before"
            + (state.isPresent() ? " AND state = :state" : "") + within.andDevice("device")
            + " ORDER BY seq DESC LIMIT :limit")
        .bindAll(within.values())
        .bind("before", before)
        .bind("limit", limit);
    state.ifPresent(one -> statement.bind("state", one.label()));
    return statement.list(PendingEnrollments::decided);
  }

  private static EnrollmentDecided decided(ResultSet row) throws SQLException {
    return new EnrollmentDecided(
        row.getLong("seq"),
        new DeviceId(row.getString("device")),
        new Fingerprint(row.getString("public_key")),
        PendingEnrollment.State.of(row.getString("state")),
        row.getString("waited_for"),
        row.getString("remark"),
        row.getString("decided_by"),
        Columns.instant(row, "decided_at"));
  }

  /** Its key has a certificate now. */
  public void delete(DeviceId device, Fingerprint key) {
    sql.statement("DELETE FROM pending_enrollment WHERE device = :device AND public_key = :key")
        .bind("device", device.value())
        .bind("key", key.hex())
        .execute();
  }

  /** Forgets what waits or was refused: a device released starts afresh. */
  public void deleteAll(DeviceId device) {
    sql.statement("DELETE FROM pending_enrollment WHERE device = :device")
        .bind("device", device.value())
        .execute();
  }

  /** Forgets keys that have waited in vain since before {@code lastSeenBefore}. */
  public int expire(Instant lastSeenBefore) {
    return sql.statement(
            "DELETE FROM pending_enrollment WHERE state <> 'refused' AND last_seen < :before")
        .bind("before", lastSeenBefore)
        .execute();
  }

  private static PendingEnrollment pending(ResultSet row) throws SQLException {
    return new PendingEnrollment(
        new DeviceId(row.getString("device")),
        new Fingerprint(row.getString("public_key")),
        PendingEnrollment.State.of(row.getString("state")),
        row.getString("reason"),
        Columns.instant(row, "since"),
        Columns.instant(row, "last_seen"),
        row.getString("remark"));
  }
}
