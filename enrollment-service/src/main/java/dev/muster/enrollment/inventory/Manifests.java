/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Manifests and what they announced, many rows at a time. */
public final class Manifests {
  /**
   * A list of values as a table, one dialect for H2 and PostgreSQL, and joined by index in both.
   */
  private static final String WANTED = " FROM UNNEST(CAST(:wanted AS VARCHAR ARRAY)) AS w(name)";

  private final Sql sql;

  Manifests(Sql sql) {
    this.sql = sql;
  }

  /** What was announced about serial numbers, by serial number. */
  public Map<String, ManifestEntry> announced(String manufacturer, Collection<String> serials) {
    Map<String, ManifestEntry> found = new HashMap<>();
    sql.statement("SELECT m.serial, m.fleet, m.device, m.tags, m.key_id" + WANTED
            + " JOIN manifest_entry m ON m.manufacturer = :manufacturer AND m.serial = w.name")
        .bindTexts("wanted", serials)
        .bind("manufacturer", manufacturer)
        .list(Manufacturers::manifestEntry)
        .forEach(entry -> found.put(entry.serial(), entry));
    return found;
  }

  /**
   * Names that are kept for other devices, announced or enrolled.
   *
   * @param names the names asked about, each with the serial number of the device that is to have
   *     it
   */
  public Set<String> takenByOthers(String manufacturer, Map<String, String> names) {
    Set<String> taken = new HashSet<>();
    for (String owner : List.of(
        "manifest_entry o ON o.device", "manifest_entry o ON o.template_id", "device o ON o.id")) {
      sql
          .statement(
              "SELECT w.name, o.manufacturer, o.serial" + WANTED + " JOIN " + owner + " = w.name")
          .bindTexts("wanted", names.keySet())
          .list(row -> List.of(
              row.getString("name"), row.getString("manufacturer"), row.getString("serial")))
          .stream()
          .filter(
              row -> !row.get(1).equals(manufacturer) || !row.get(2).equals(names.get(row.get(0))))
          .forEach(row -> taken.add(row.get(0)));
    }
    return taken;
  }

  /** Announces devices that were not announced before. */
  public void announce(String manufacturer, List<ManifestEntry> entries, Instant now) {
    if (entries.isEmpty()) {
      return;
    }
    sql.statement(
            "INSERT INTO manifest_entry (manufacturer, serial, fleet, device, template_id, tags,"
                + " key_id, added_at) VALUES (:manufacturer, :serial, :fleet, :device, :template,"
                + " :tags, :key, :now)")
        .executeEach(
            entries,
            (row, entry) -> row.bind("manufacturer", manufacturer)
                .bind("serial", entry.serial())
                .bind("fleet", Columns.text(entry.fleet()))
                .bind("device", Columns.text(entry.device()))
                .bind(
                    "template",
                    entry.device() == null
                        ? Manufacturer.template(manufacturer, entry.serial())
                        : null)
                .bind("tags", entry.tags())
                .bind("key", Columns.text(entry.key()))
                .bind("now", now));
  }

  /** Notes the keys of devices that were announced without. */
  public void addKeys(String manufacturer, List<ManifestEntry> entries) {
    if (entries.isEmpty()) {
      return;
    }
    sql.statement("UPDATE manifest_entry SET key_id = :key WHERE manufacturer = :manufacturer"
            + " AND serial = :serial AND key_id IS NULL")
        .executeEach(
            entries,
            (row, entry) -> row.bind("manufacturer", manufacturer)
                .bind("serial", entry.serial())
                .bind("key", Columns.text(entry.key())));
  }

  /** Notes that a manifest came in; of the same one again, only the first time is kept. */
  public void record(ManifestRecord manifest) {
    boolean known = sql.statement(
            "SELECT 1 FROM manifest WHERE manufacturer = :manufacturer" + " AND sha256 = :sha256")
        .bind("manufacturer", manifest.manufacturer())
        .bind("sha256", manifest.sha256())
        .first(row -> row.getInt(1))
        .isPresent();
    if (known) {
      return;
    }
    sql.statement("INSERT INTO manifest (manufacturer, sha256, signer, added, refused,"
            + " imported_at) VALUES (:manufacturer, :sha256, :signer, :added, :refused, :now)")
        .bind("manufacturer", manifest.manufacturer())
        .bind("sha256", manifest.sha256())
        .bind("signer", manifest.signer())
        .bind("added", manifest.added())
        .bind("refused", manifest.refused())
        .bind("now", manifest.importedAt())
        .execute();
  }

  /** The newest first. */
  public List<ManifestRecord> newest(int limit) {
    return sql.statement("SELECT * FROM manifest ORDER BY imported_at DESC, sha256 LIMIT :limit")
        .bind("limit", limit)
        .list(row -> new ManifestRecord(
            row.getString("manufacturer"),
            row.getString("sha256"),
            row.getString("signer"),
            row.getInt("added"),
            row.getInt("refused"),
            Columns.instant(row, "imported_at")));
  }
}
