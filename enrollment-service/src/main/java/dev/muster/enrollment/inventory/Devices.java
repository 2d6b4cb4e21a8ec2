/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The devices. */
public final class Devices {
  private static final int FEW = 1_000;

  private static final String SUMMARY =
      "SELECT d.*, c.serial AS certificate_serial, c.status AS certificate_status, c.not_after FROM ";
  /** After the ids of the devices that are meant. */
  private static final String OF_THESE =
      " p LEFT JOIN device d ON d.id = p.id LEFT JOIN certificate c"
          + " ON c.serial = (SELECT n.serial FROM certificate n WHERE n.device = p.id"
          + " ORDER BY n.issued_at DESC, n.serial DESC LIMIT 1)";

  private final Sql sql;

  Devices(Sql sql) {
    this.sql = sql;
  }

  public Optional<DeviceRecord> find(DeviceId id) {
    return sql.statement("SELECT * FROM device WHERE id = :id")
        .bind("id", id.value())
        .first(Devices::device);
  }

  /** Some of them; those that are not there are left out. */
  public Map<DeviceId, DeviceRecord> find(Collection<DeviceId> ids) {
    return sql
        .statement("SELECT * FROM device WHERE id = ANY(CAST(:ids AS VARCHAR ARRAY))")
        .bindTexts("ids", ids.stream().map(DeviceId::value).toList())
        .list(Devices::device)
        .stream()
        .collect(Collectors.toMap(DeviceRecord::id, device -> device));
  }

  /** By what its IDevID says. */
  public Optional<DeviceRecord> find(String manufacturer, String serial) {
    return sql.statement(
            "SELECT * FROM device WHERE manufacturer = :manufacturer AND serial = :serial")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .first(Devices::device);
  }

  /**
   * As {@link #find(DeviceId)}, and keeps all others from changing the device, and from locking it,
   * until the transaction ends. Whatever changes a device or its certificates begins with this, so
   * that what it reads afterwards still holds when it commits.
   */
  public Optional<DeviceRecord> lock(DeviceId id) {
    return sql.statement("SELECT * FROM device WHERE id = :id FOR UPDATE")
        .bind("id", id.value())
        .first(Devices::device);
  }

  /**
   * As {@link #lock(DeviceId)}; empty also if it is of a fleet that whoever asks may not see. It
   * may have become so since it was let through.
   */
  public Optional<DeviceRecord> lock(DeviceId id, Within within) {
    return lock(id).filter(device -> within.includes(device.fleet()));
  }

  /** As {@link #lock(DeviceId)}, by what its IDevID says. */
  public Optional<DeviceRecord> lock(String manufacturer, String serial) {
    return sql.statement(
            "SELECT * FROM device WHERE manufacturer = :manufacturer AND serial = :serial"
                + " FOR UPDATE")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .first(Devices::device);
  }

  /** Whether some device is of that fleet. */
  public boolean isFleet(FleetName fleet) {
    return sql.statement("SELECT EXISTS (SELECT 1 FROM device WHERE fleet = :fleet)")
        .bind("fleet", fleet.value())
        .one(row -> row.getBoolean(1));
  }

  /** Whether some device has that key in its IDevID. */
  public boolean isFactoryKey(Fingerprint key) {
    return sql.statement("SELECT EXISTS (SELECT 1 FROM device WHERE factory_key = :key)")
        .bind("key", key.octets())
        .one(row -> row.getBoolean(1));
  }

  /**
   * A device that has that key in its IDevID; any, if there are several.
   *
   * @param except not this one
   */
  public Optional<DeviceId> holder(Fingerprint key, @Nullable DeviceId except) {
    return sql.statement("SELECT id FROM device WHERE factory_key = :key AND id <> :id LIMIT 1")
        .bind("key", key.octets())
        .bind("id", idOrNone(except))
        .first(row -> new DeviceId(row.getString(1)));
  }

  /** To compare ids with: SQL's null is neither the same as one nor another. */
  static String idOrNone(@Nullable DeviceId id) {
    return id == null ? "" : id.value();
  }

  /**
   * Whether a name is that of a device, or kept for one that was announced: another than the one of
   * this manufacturer and serial, which is in the registry under no name yet.
   */
  public boolean isTaken(DeviceId name, String manufacturer, String serial) {
    String ofAnother = " = :name AND NOT (manufacturer = :manufacturer AND serial = :serial))";
    return sql.statement("SELECT EXISTS (SELECT 1 FROM device WHERE id = :name)"
            + " OR EXISTS (SELECT 1 FROM manifest_entry WHERE device" + ofAnother
            // Apart, because an index helps with neither in an OR.
            + " OR EXISTS (SELECT 1 FROM manifest_entry WHERE template_id" + ofAnother)
        .bind("name", name.value())
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .one(row -> row.getBoolean(1));
  }

  /**
   * By id, those after {@code after}, each with its newest certificate.
   *
   * @param now from when times are counted
   */
  public List<DeviceSummary> list(DeviceFilter filter, Instant now, String after, int limit) {
    Optional<List<String>> few = few(filter.narrowings(now));
    DeviceFilter.Clauses clauses = few.isPresent()
        ? filter.clausesAmong(now)
        : filter.timely().equals(Timely.ANY) ? filter.clauses(now) : filter.clausesAlong(now);
    SqlStatement statement = sql.statement(SUMMARY
            // The ids alone: one index may have all that is asked about a device.
            + "(SELECT d.id FROM device d" + clauses.join()
            + " WHERE " + clauses.from() + clauses.conditions() + " ORDER BY " + clauses.order()
            + " LIMIT :limit)" + OF_THESE + " ORDER BY p.id")
        .bindAll(clauses.values())
        .bind("after", after)
        .bind("limit", limit);
    few.ifPresent(ids -> statement.bindTexts("few", ids));
    return statement.list(Devices::summary);
  }

  /**
   * As {@link #list(DeviceFilter, Instant, String, int)}, in another order.
   *
   * @param after the device at which the page before has ended; empty for the first page
   */
  public List<DeviceSummary> list(
      DeviceFilter filter,
      DeviceOrder order,
      Instant now,
      Optional<DeviceOrder.Place> after,
      int limit) {
    Optional<List<String>> few = few(filter.narrowingsOf(now));
    List<DeviceSummary> page = new ArrayList<>();
    for (DeviceOrder.Stretch stretch : order.stretches(after)) {
      if (page.size() < limit) {
        DeviceFilter.Clauses clauses =
            filter.clausesAlong(stretch.condition(), few.isPresent(), now);
        SqlStatement statement = sql.statement(SUMMARY + "(SELECT d.id, " + order.column()
                + " AS place FROM device d WHERE " + clauses.from() + clauses.conditions()
                + " ORDER BY " + order.by(order.column(), "d.id") + " LIMIT :limit)" + OF_THESE
                + " ORDER BY "
                + order.by("p.place", "p.id"))
            .bindAll(clauses.values())
            .bindAll(stretch.values())
            .bind("limit", limit - page.size());
        few.ifPresent(ids -> statement.bindTexts("few", ids));
        page.addAll(statement.list(Devices::summary));
      }
    }
    return page;
  }

  /** One, as a list shows it. */
  public Optional<DeviceSummary> summary(DeviceId id) {
    return sql.statement(SUMMARY + "(SELECT id FROM device WHERE id = :id)" + OF_THESE)
        .bind("id", id.value())
        .first(Devices::summary);
  }

  /**
   * If times are asked about, and only few devices are as something says, which: along the order of
   * the ids, a page of them would take a look at the whole fleet. Empty if they are many, of whom a
   * page is soon full.
   */
  private Optional<List<String>> few(List<DeviceFilter.Narrowing> narrowings) {
    for (DeviceFilter.Narrowing narrowing : narrowings) {
      List<String> ids = sql.statement(narrowing.ids() + " LIMIT :limit")
          .bindAll(narrowing.values())
          .bind("limit", FEW + 1)
          .list(row -> row.getString(1));
      if (ids.size() <= FEW) {
        return Optional.of(ids);
      }
    }
    return Optional.empty();
  }

  private static DeviceSummary summary(ResultSet row) throws SQLException {
    return new DeviceSummary(
        device(row),
        newest(row),
        Columns.instantOrNull(row, "certificate_ends"),
        Columns.instantOrNull(row, "renew_by"),
        seen(row));
  }

  private static DeviceSummary.@Nullable Seen seen(ResultSet row) throws SQLException {
    @Nullable Instant until = Columns.instantOrNull(row, "seen_until");
    return until == null ? null : new DeviceSummary.Seen(until.equals(Timely.STILL) ? null : until);
  }

  private static Optional<DeviceSummary.Newest> newest(ResultSet row) throws SQLException {
    String serial = row.getString("certificate_serial");
    return serial == null
        ? Optional.empty()
        : Optional.of(new DeviceSummary.Newest(
            serial,
            CertificateStatus.of(row.getString("certificate_status")),
            Columns.instant(row, "not_after")));
  }

  /** Whether all of some devices are known, and of fleets that somebody may see. */
  public boolean areWithin(Within within, Collection<String> devices) {
    Set<String> distinct = Set.copyOf(devices);
    return sql.statement("SELECT COUNT(*) FROM device d WHERE d.id IN (SELECT w.name FROM"
                + " UNNEST(CAST(:ids AS VARCHAR ARRAY)) AS w(name))" + within.and("d.fleet"))
            .bindAll(within.values())
            .bindTexts("ids", distinct)
            .one(row -> row.getInt(1))
        == distinct.size();
  }

  public void insert(DeviceRecord device) {
    insert(device, null, null);
  }

  /** A device with its first certificate, in as few writes as it takes. */
  public void insert(DeviceRecord device, CertificateRecord first) {
    insert(device, first.notAfter(), first.renewBy());
    new Certificates(sql).insertRow(first);
  }

  private void insert(
      DeviceRecord device, @Nullable Instant certificateEnds, @Nullable Instant renewBy) {
    sql.statement("INSERT INTO device (id, fleet, manufacturer, serial, factory_key, status,"
            + " next_key, created_at, enrolled_at, epoch, identified_by, certificate_ends, renew_by)"
            + " VALUES (:id, :fleet, :manufacturer, :serial, :factoryKey, :status, :nextKey,"
            + " :createdAt, :enrolledAt, :epoch, :identifiedBy, :ends, :renewBy)")
        .bind("id", device.id().value())
        .bind("fleet", device.fleet().value())
        .bind("manufacturer", device.manufacturer())
        .bind("serial", device.serial())
        .bind("factoryKey", Columns.octets(device.factoryKey()))
        .bind("identifiedBy", device.identifiedBy().label())
        .bind("status", device.status().label())
        .bind("nextKey", device.nextKey().label())
        .bind("createdAt", device.createdAt())
        .bind("enrolledAt", device.enrolledAt())
        .bind("epoch", device.epoch())
        .bind("ends", certificateEnds)
        .bind("renewBy", renewBy)
        .execute();
  }

  /**
   * It is to receive a certificate: active, and its next key is judged again.
   *
   * @return false if it was refused or retired and must not have one; then nothing has changed
   */
  public boolean enrolled(DeviceId id, Instant now) {
    return sql.statement("UPDATE device SET status = 'active', next_key = 'judged',"
                + " enrolled_at = COALESCE(enrolled_at, :now) WHERE id = :id"
                + " AND status NOT IN ('retired', 'refused')")
            .bind("id", id.value())
            .bind("now", now)
            .execute()
        > 0;
  }

  /** Its IDevID has this key from now on. */
  public void factoryKey(DeviceId id, Fingerprint key) {
    sql.statement("UPDATE device SET factory_key = :key WHERE id = :id"
            + " AND (factory_key IS NULL OR factory_key <> :key)")
        .bind("id", id.value())
        .bind("key", key.octets())
        .execute();
  }

  public void update(DeviceId id, DeviceStatus status, NextKey nextKey) {
    sql.statement("UPDATE device SET status = :status, next_key = :nextKey WHERE id = :id")
        .bind("id", id.value())
        .bind("status", status.label())
        .bind("nextKey", nextKey.label())
        .execute();
  }

  /** Where it belongs from the beginning, of which it has had nothing yet. */
  public void fleet(DeviceId id, FleetName fleet) {
    sql.statement("UPDATE device SET fleet = :fleet WHERE id = :id")
        .bind("id", id.value())
        .bind("fleet", fleet.value())
        .execute();
  }

  /** It is another fleet's from now on, and a new epoch begins. */
  public void transfer(DeviceId id, FleetName fleet, NextKey nextKey) {
    sql.statement("UPDATE device SET fleet = :fleet, epoch = epoch + 1, next_key = :nextKey"
            + " WHERE id = :id")
        .bind("id", id.value())
        .bind("fleet", fleet.value())
        .bind("nextKey", nextKey.label())
        .execute();
  }

  /**
   * Notes until when devices were connected.
   *
   * @param until by device; empty while it is connected
   */
  public void seen(Map<DeviceId, Optional<Instant>> until) {
    // A broker that starts tells all it knows, most of which is known here.
    sql.statement("UPDATE device SET seen_until = :until WHERE id = :id"
            + " AND (seen_until IS NULL OR seen_until <> :until)")
        .executeEach(
            until.entrySet(),
            (statement, one) -> statement
                .bind("id", one.getKey().value())
                .bind("until", one.getValue().orElse(Timely.STILL)));
  }

  private static DeviceRecord device(ResultSet row) throws SQLException {
    byte[] key = row.getBytes("factory_key");
    return new DeviceRecord(
        new DeviceId(row.getString("id")),
        new FleetName(row.getString("fleet")),
        row.getString("manufacturer"),
        row.getString("serial"),
        key == null ? null : Fingerprint.ofOctets(key),
        DeviceStatus.of(row.getString("status")),
        NextKey.of(row.getString("next_key")),
        Columns.instant(row, "created_at"),
        Columns.instantOrNull(row, "enrolled_at"),
        row.getInt("epoch"),
        Identification.of(row.getString("identified_by")));
  }
}
