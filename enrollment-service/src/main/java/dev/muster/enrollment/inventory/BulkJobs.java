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
import dev.muster.protocol.identity.FleetName;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Bulk jobs, and each device in them. */
public final class BulkJobs {
  /** He himself, or one of his API tokens, whose names follow his after a slash. */
  private static final String OF_OPERATOR =
      " AND (ordered_by = :operator OR ordered_by LIKE :tokens ESCAPE '!')";

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
    chosen("SELECT d.status, COUNT(*) AS devices", "", selection, now, " GROUP BY d.status")
        .list(row -> Map.entry(DeviceStatus.of(row.getString("status")), row.getLong("devices")))
        .forEach(entry -> statuses.put(entry.getKey(), entry.getValue()));
    long certificates = chosen(
            "SELECT COUNT(*)",
            " JOIN certificate c ON c.device = d.id",
            selection,
            now,
            " AND c.status <> 'revoked' AND c.not_after > :now")
        .bind("now", now)
        .one(row -> row.getLong(1));
    return new Preview(statuses, certificates);
  }

  /** Some of those that a selection chooses, by id. */
  public List<DeviceId> sample(BulkSelection selection, Instant now, int limit) {
    return chosen("SELECT d.id", "", selection, now, " ORDER BY d.id LIMIT :limit")
        .bind("limit", limit)
        .list(row -> new DeviceId(row.getString("id")));
  }

  /**
   * Of the devices that a selection chooses, SHA-256 in hexadecimal: another one whenever they are
   * others. Reads their ids.
   */
  public String digest(BulkSelection selection, Instant now, int most) {
    if (selection instanceof BulkSelection.Named named) {
      return digest(named.devices().stream().map(DeviceId::value));
    }
    return digest(chosen("SELECT d.id", "", selection, now, " LIMIT :limit")
        .bind("limit", most)
        .list(row -> row.getString("id"))
        .stream());
  }

  /** As {@link #digest(BulkSelection, Instant, int)}, of the devices of a job. */
  public String digest(String job) {
    return digest(sql
        .statement("SELECT device FROM bulk_device WHERE job = :job")
        .bind("job", job)
        .list(row -> row.getString("device"))
        .stream());
  }

  /** Ordered here: databases do so as their locale has it. */
  private static String digest(Stream<String> ids) {
    String all = ids.sorted().collect(Collectors.joining("\n"));
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(all.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }

  /** Of each device {@code d} that a selection chooses; joined rather than looked for in a list. */
  private SqlStatement chosen(
      String select, String join, BulkSelection selection, Instant now, String after) {
    if (selection instanceof BulkSelection.Named named) {
      return sql.statement(select + " FROM device d" + join + " WHERE d.id IN"
              + " (SELECT w.name FROM UNNEST(CAST(:ids AS VARCHAR ARRAY)) AS w(name))" + after)
          .bindTexts("ids", named.devices().stream().map(DeviceId::value).toList());
    }
    DeviceFilter.Clauses clauses = ((BulkSelection.Matching) selection).filter().clauses(now);
    return sql.statement(select + " FROM device d" + clauses.join() + join + " WHERE d.id > :after"
            + clauses.conditions() + after)
        .bindAll(clauses.values())
        .bind("after", "");
  }

  /**
   * Keeps a job; its devices are those that are chosen now.
   *
   * @param most no more than that many devices
   * @return how many
   */
  public int insert(BulkJob job, BulkSelection selection, int most) {
    sql.statement("INSERT INTO bulk_job (id, work, details, ordered_by, ordered_from, fleets,"
            + " created_at) VALUES (:id, :work, :details, :by, :from, :fleets, :createdAt)")
        .bind("id", job.id())
        .bind("work", job.work())
        .bind("details", job.details())
        .bind("by", job.actor().name())
        .bind("from", job.actor().from())
        .bind("fleets", fleets(job.within()))
        .bind("createdAt", job.createdAt())
        .execute();
    int devices = insertDevices(job, selection, most);
    sql.statement("UPDATE bulk_job SET devices = :devices WHERE id = :job")
        .bind("devices", devices)
        .bind("job", job.id())
        .execute();
    return devices;
  }

  private int insertDevices(BulkJob job, BulkSelection selection, int most) {
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
    DeviceFilter.Clauses clauses =
        ((BulkSelection.Matching) selection).filter().clauses(job.createdAt());
    return sql.statement("INSERT INTO bulk_device (job, device, state)"
            + " SELECT CAST(:job AS VARCHAR(32)), chosen.id, CAST(:state AS VARCHAR(16)) FROM ("
            + "SELECT d.id FROM device d" + clauses.join() + " WHERE d.id > :after"
            + clauses.conditions() + " LIMIT :most) chosen")
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
            + (operator == null ? "" : OF_OPERATOR)
            + " ORDER BY id DESC LIMIT :limit")
        .bindAll(operator == null ? Map.of() : ofOperator(operator))
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

  /** Whether the turn of a device has still to come. */
  public boolean isWaiting(String job, DeviceId device) {
    return sql.statement("SELECT EXISTS (SELECT 1 FROM bulk_device WHERE job = :job"
            + " AND device = :device AND state = 'waiting')")
        .bind("job", job)
        .bind("device", device.value())
        .one(row -> row.getBoolean(1));
  }

  /** Notes what became of devices that waited. */
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
    sql.statement("UPDATE bulk_job SET devices_done = devices_done + :done,"
            + " devices_unchanged = devices_unchanged + :unchanged,"
            + " devices_refused = devices_refused + :refused WHERE id = :job")
        .bind("done", count(results, State.DONE))
        .bind("unchanged", count(results, State.UNCHANGED))
        .bind("refused", count(results, State.REFUSED))
        .bind("job", job)
        .execute();
  }

  private static int count(List<BulkResult> results, State state) {
    return (int) results.stream().filter(result -> result.state() == state).count();
  }

  /** Those jobs of an operator that are not through, ordered by himself or by his API tokens. */
  public List<BulkJob> openOf(String operator) {
    return sql.statement(
            "SELECT * FROM bulk_job WHERE ended_at IS NULL" + OF_OPERATOR + " ORDER BY id")
        .bindAll(ofOperator(operator))
        .list(BulkJobs::job);
  }

  private static Map<String, String> ofOperator(String operator) {
    return Map.of("operator", operator, "tokens", operator.replace("_", "!_") + "/%");
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
    int waiting = sql.statement("UPDATE bulk_device SET state = 'cancelled' WHERE job = :job"
            + " AND state = 'waiting'")
        .bind("job", job)
        .execute();
    sql.statement("UPDATE bulk_job SET cancelled_at = :now, ended_at = :now,"
            + " devices_cancelled = devices_cancelled + :waiting WHERE id = :job")
        .bind("now", now)
        .bind("waiting", waiting)
        .bind("job", job)
        .execute();
  }

  /**
   * Forgets some of a job that ended before then: so few that nobody waits for it.
   *
   * @return whether there may be more
   */
  public boolean expire(Instant before, int most) {
    Optional<String> old = sql.statement(
            "SELECT id FROM bulk_job WHERE ended_at < :before ORDER BY id LIMIT 1")
        .bind("before", before)
        .first(row -> row.getString("id"));
    old.ifPresent(job -> {
      int gone = sql.statement("DELETE FROM bulk_device WHERE job = :job AND device IN"
              + " (SELECT device FROM bulk_device WHERE job = :job ORDER BY device LIMIT :most)")
          .bind("job", job)
          .bind("most", most)
          .execute();
      if (gone < most) {
        sql.statement("DELETE FROM bulk_job WHERE id = :job").bind("job", job).execute();
      }
    });
    return old.isPresent();
  }

  /** Names of fleets have no spaces. */
  private static String fleets(Within within) {
    return within.fleets().stream().map(FleetName::value).collect(Collectors.joining(" "));
  }

  private static Within within(String fleets) {
    return fleets.isEmpty()
        ? Within.ALL
        : new Within(Stream.of(fleets.split(" ")).map(FleetName::new).toList());
  }

  private static BulkJob job(ResultSet row) throws SQLException {
    return new BulkJob(
        row.getString("id"),
        row.getString("work"),
        row.getString("details"),
        new Actor(row.getString("ordered_by"), row.getString("ordered_from")),
        within(row.getString("fleets")),
        Columns.instant(row, "created_at"),
        Columns.instantOrNull(row, "cancelled_at"),
        Columns.instantOrNull(row, "ended_at"),
        counts(row));
  }

  private static Map<State, Long> counts(ResultSet row) throws SQLException {
    Map<State, Long> counts = new EnumMap<>(State.class);
    counts.put(State.DONE, row.getLong("devices_done"));
    counts.put(State.UNCHANGED, row.getLong("devices_unchanged"));
    counts.put(State.REFUSED, row.getLong("devices_refused"));
    counts.put(State.CANCELLED, row.getLong("devices_cancelled"));
    long had = counts.values().stream().mapToLong(Long::longValue).sum();
    counts.put(State.WAITING, row.getLong("devices") - had);
    return counts;
  }
}
