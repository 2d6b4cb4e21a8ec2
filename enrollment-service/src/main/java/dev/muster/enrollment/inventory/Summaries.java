/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts for an overview. */
public final class Summaries {
  private final Sql sql;

  Summaries(Sql sql) {
    this.sql = sql;
  }

  /** Quick, whatever the size of the fleet. */
  public IdentitySummary identities(Within within) {
    return new IdentitySummary(
        devices(within),
        count("SELECT COUNT(*) FROM pending_enrollment WHERE state = 'waiting'", within),
        count("SELECT COUNT(*) FROM alarm WHERE acknowledged_at IS NULL", within));
  }

  private Map<DeviceStatus, Long> devices(Within within) {
    Map<DeviceStatus, Long> counts = new EnumMap<>(DeviceStatus.class);
    for (DeviceStatus status : DeviceStatus.values()) {
      counts.put(status, 0L);
    }
    sql.statement("SELECT status, COUNT(*) AS number FROM device WHERE TRUE" + within.and("fleet")
            + " GROUP BY status")
        .bindAll(within.values())
        .list(row -> counts.put(DeviceStatus.of(row.getString(1)), row.getLong(2)));
    return counts;
  }

  /**
   * Reads all devices that are meant: not for every request.
   *
   * @param now from when times are counted
   * @param most how many tags to tell
   */
  public DeviceFacets facets(DeviceFilter filter, Instant now, int most) {
    DeviceFilter.Clauses clauses = filter.clauses(now);
    String meant = " FROM device d" + clauses.join() + " WHERE TRUE" + clauses.conditions();
    Map<String, Long> statuses = new HashMap<>();
    Map<String, Long> fleets = new HashMap<>();
    Map<String, Long> manufacturers = new HashMap<>();
    // Few rows, along one index, whatever the size of the fleet.
    List<Long> devices = query(
            "SELECT d.fleet, d.status, d.manufacturer, COUNT(*)" + meant
                + " GROUP BY d.fleet, d.status, d.manufacturer",
            clauses)
        .list(row -> {
          long number = row.getLong(4);
          fleets.merge(row.getString(1), number, Long::sum);
          statuses.merge(row.getString(2), number, Long::sum);
          manufacturers.merge(row.getString(3), number, Long::sum);
          return number;
        });
    // Not IN (SELECT ...): H2 would ask that anew at each row, once its answer is a large one.
    String tagged = filter.equals(DeviceFilter.NONE)
        ? " FROM device_tag l"
        : " FROM device d" + clauses.join() + " JOIN device_tag l ON l.device = d.id WHERE TRUE"
            + clauses.conditions();
    List<DeviceFacets.Count> tags = query(
            "SELECT l.name, l.tag_value, COUNT(*) AS number" + tagged
                + " GROUP BY l.name, l.tag_value ORDER BY number DESC, l.name, l.tag_value LIMIT "
                + most,
            clauses)
        .list(row ->
            new DeviceFacets.Count(row.getString(1) + "=" + row.getString(2), row.getLong(3)));
    long all = devices.stream().mapToLong(Long::longValue).sum();
    return new DeviceFacets(all, statuses, fleets, manufacturers, tags);
  }

  private SqlStatement query(String text, DeviceFilter.Clauses clauses) {
    // The clauses are made for pages; this is one that begins at the beginning.
    return sql.statement(text).bindAll(clauses.values()).bindAll(Map.of("after", ""));
  }

  private long count(String text, Within within) {
    return sql.statement(text + within.andDevice("device"))
        .bindAll(within.values())
        .one(row -> row.getLong(1));
  }

  /** Reads all devices: not for every request. */
  public IdentitySummary.Ends ends(Within within, Instant now) {
    return sql.statement("SELECT"
            + " COUNT(CASE WHEN certificate_ends <= :now THEN 1 END),"
            + " COUNT(CASE WHEN certificate_ends > :now AND certificate_ends <= :week THEN 1 END),"
            + " COUNT(CASE WHEN certificate_ends > :week AND certificate_ends <= :month"
            + " THEN 1 END),"
            + " COUNT(CASE WHEN certificate_ends > :month AND certificate_ends <= :quarter"
            + " THEN 1 END),"
            + " COUNT(CASE WHEN certificate_ends > :quarter THEN 1 END),"
            + " COUNT(CASE WHEN renew_by < :now THEN 1 END)"
            + " FROM device WHERE TRUE" + within.and("fleet"))
        .bindAll(within.values())
        .bind("now", now)
        .bind("week", now.plus(Duration.ofDays(7)))
        .bind("month", now.plus(Duration.ofDays(30)))
        .bind("quarter", now.plus(Duration.ofDays(90)))
        .one(row -> new IdentitySummary.Ends(
            row.getLong(1),
            row.getLong(2),
            row.getLong(3),
            row.getLong(4),
            row.getLong(5),
            row.getLong(6)));
  }
}
