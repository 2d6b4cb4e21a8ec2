/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.BulkResult.State;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import dev.muster.protocol.identity.DeviceId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Bulk jobs, and each device in them. */
public final class BulkJobs {
  private final Sql sql;

  BulkJobs(Sql sql) {
    this.sql = sql;
  }

  /**
   * What a selection would choose now.
   *
   * @param statuses how many devices are of which status
   * @param certificates of these devices, neither revoked nor ended
   */
  public record Preview(Map<DeviceStatus, Long> statuses, long certificates) {
    public long devices() {
      return statuses.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  public Preview preview(BulkSelection selection, Instant now) {
    Map<DeviceStatus, Long> statuses = new EnumMap<>(DeviceStatus.class);
    chosen(
            "SELECT s.status, COUNT(*) AS devices FROM device s WHERE s.id IN (",
            selection,
            ")" + " GROUP BY s.status")
        .list(row -> Map.entry(DeviceStatus.of(row.getString("status")), row.getLong("devices")))
        .forEach(entry -> statuses.put(entry.getKey(), entry.getValue()));
    long certificates = chosen(
            "SELECT COUNT(*) FROM certificate c WHERE c.device IN (",
            selection,
            ") AND c.status <> 'revoked' AND c.not_after > :now")
        .bind("now", now)
        .one(row -> row.getLong(1));
    return new Preview(statuses, certificates);
  }

  /** Some of those that a selection chooses, by id. */
  public List<DeviceId> sample(BulkSelection selection, int limit) {
    return chosen(
            "SELECT s.id FROM device s WHERE s.id IN (",
            selection,
            ")" + " ORDER BY s.id LIMIT :limit")
        .bind("limit", limit)
        .list(row -> new DeviceId(row.getString("id")));
  }

  private SqlStatement chosen(String before, BulkSelection selection, String after) {
    if (selection instanceof BulkSelection.Named named) {
      return sql.statement(
              before + "SELECT w.name FROM UNNEST(CAST(:ids AS VARCHAR ARRAY)) AS w(name)" + after)
          .bindTexts("ids", named.devices().stream().map(DeviceId::value).toList());
    }
    DeviceFilter.Clauses clauses = ((BulkSelection.Matching) selection).filter().clauses();
    return sql.statement(before + matching(clauses) + after)
        .bindAll(clauses.values())
        .bind("after", "");
  }

  private static String matching(DeviceFilter.Clauses clauses) {
    return "SELECT d.id FROM device d" + clauses.join() + " WHERE d.id > :after"
        + clauses.conditions();
  }

  /**
   * Keeps a job; its devices are those that are chosen now.
   *
   * @param most no more than that many devices
   * @return how many
   */
  public int insert(BulkJob job, BulkSelection selection, int most) {
    sql.statement("INSERT INTO bulk_job (id, work, details, ordered_by, ordered_from, created_at)"
            + " VALUES (:id, :work, :details, :by, :from, :createdAt)")
        .bind("id", job.id())
        .bind("work", job.work())
        .bind("details", job.details())
        .bind("by", job.actor().name())
        .bind("from", job.actor().from())
        .bind("createdAt", job.createdAt())
        .execute();
    if (selection instanceof BulkSelection.Named named) {
      sql.statement("INSERT INTO bulk_device (job, device, state) VALUES (:job, :device, :state)")
          .executeEach(
              named.devices(),
              (statement, device) -> statement
                  .bind("job", job.id())
                  .bind("device", device.value())
                  .bind("state", State.WAITING.label()));
      return named.devices().size();
    }
    DeviceFilter.Clauses clauses = ((BulkSelection.Matching) selection).filter().clauses();
    return sql.statement("INSERT INTO bulk_device (job, device, state)"
            + " SELECT CAST(:job AS VARCHAR(32)), chosen.id, CAST(:state AS VARCHAR(16)) FROM ("
            + matching(clauses) + " LIMIT :most) chosen")
        .bindAll(clauses.values())
        .bind("after", "")
        .bind("job", job.id())
        .bind("state", State.WAITING.label())
        .bind("most", most)
        .execute();
  }

  public Optional<BulkJob> find(String id) {
    return sql.statement("SELECT * FROM bulk_job WHERE id = :id")
        .bind("id", id)
        .first(BulkJobs::job);
  }

  /**
   * The newest first, those before {@code before}.
   *
   * @param operator who has ordered them, himself or by an API token; null for everybody
   */
  public List<BulkJob> page(@Nullable String operator, String before, int limit) {
    return sql.statement("SELECT * FROM bulk_job WHERE id < :before"
            + (operator == null
                ? ""
                : " AND (ordered_by = :operator OR ordered_by LIKE :tokens ESCAPE '!')")
            + " ORDER BY id DESC LIMIT :limit")
        .bindAll(
            operator == null
                ? Map.of()
                : Map.of("operator", operator, "tokens", operator.replace("_", "!_") + "/%"))
        .bind("before", before)
        .bind("limit", limit)
        .list(BulkJobs::job);
  }

  /** The next to be carried on: the oldest that is not through, what ends certificates first. */
  public Optional<BulkJob> nextOpen() {
    return sql.statement("SELECT * FROM bulk_job WHERE ended_at IS NULL"
            + " ORDER BY CASE WHEN work IN ('revoke', 'retire') THEN 0 ELSE 1 END, id LIMIT 1")
        .first(BulkJobs::job);
  }

  /** How many are not through. */
  public long open() {
    return sql.statement("SELECT COUNT(*) AS jobs FROM bulk_job WHERE ended_at IS NULL")
        .first(row -> row.getLong("jobs"))
        .orElse(0L);
  }

  /** Devices whose turn has not come. */
  public List<DeviceId> waiting(String job, int limit) {
    return results(job, State.WAITING, "", limit).stream()
        .map(BulkResult::device)
        .toList();
  }

  /** @param state null for all */
  public List<BulkResult> results(String job, @Nullable State state, String after, int limit) {
    return sql.statement("SELECT device, state, detail FROM bulk_device WHERE job = :job"
            + " AND device > :after" + (state == null ? "" : " AND state = :state")
            + " ORDER BY device LIMIT :limit")
        .bindAll(state == null ? Map.of() : Map.of("state", state.label()))
        .bind("job", job)
        .bind("after", after)
        .bind("limit", limit)
        .list(row -> new BulkResult(
            new DeviceId(row.getString("device")),
            State.of(row.getString("state")),
            row.getString("detail")));
  }

  /** How many devices are how far. */
  public Map<State, Long> counts(String job) {
    Map<State, Long> counts = new EnumMap<>(State.class);
    sql.statement("SELECT state, COUNT(*) AS devices FROM bulk_device WHERE job = :job"
            + " GROUP BY state")
        .bind("job", job)
        .list(row -> Map.entry(State.of(row.getString("state")), row.getLong("devices")))
        .forEach(entry -> counts.put(entry.getKey(), entry.getValue()));
    return counts;
  }

  /** Notes what became of devices. */
  public void record(String job, List<BulkResult> results) {
    sql.statement("UPDATE bulk_device SET state = :state, detail = :detail"
            + " WHERE job = :job AND device = :device")
        .executeEach(
            results,
            (statement, result) -> statement
                .bind("state", result.state().label())
                .bind("detail", result.detail())
                .bind("job", job)
                .bind("device", result.device().value()));
  }

  /** Nothing waits any more. */
  public void end(String job, Instant now) {
    sql.statement("UPDATE bulk_job SET ended_at = :now WHERE id = :job")
        .bind("now", now)
        .bind("job", job)
        .execute();
  }

  /** Those that wait will have no turn. */
  public void cancel(String job, Instant now) {
    sql.statement("UPDATE bulk_device SET state = 'cancelled' WHERE job = :job"
            + " AND state = 'waiting'")
        .bind("job", job)
        .execute();
    sql.statement("UPDATE bulk_job SET cancelled_at = :now, ended_at = :now WHERE id = :job")
        .bind("now", now)
        .bind("job", job)
        .execute();
  }

  /** Forgets jobs that ended before then. */
  public int expire(Instant before) {
    sql.statement("DELETE FROM bulk_device WHERE job IN"
            + " (SELECT id FROM bulk_job WHERE ended_at < :before)")
        .bind("before", before)
        .execute();
    return sql.statement("DELETE FROM bulk_job WHERE ended_at < :before")
        .bind("before", before)
        .execute();
  }

  private static BulkJob job(ResultSet row) throws SQLException {
    return new BulkJob(
        row.getString("id"),
        row.getString("work"),
        row.getString("details"),
        new Actor(row.getString("ordered_by"), row.getString("ordered_from")),
        Columns.instant(row, "created_at"),
        Columns.instantOrNull(row, "cancelled_at"),
        Columns.instantOrNull(row, "ended_at"));
  }
}
