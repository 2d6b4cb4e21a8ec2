/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Manufacturers, their trust anchors, and the devices they announced. */
public final class Manufacturers {
  private final Handle handle;

  Manufacturers(Handle handle) {
    this.handle = handle;
  }

  /** All of them, by name. */
  public List<Manufacturer> all() {
    record Row(String name, Admission admission, Optional<FleetName> fleet) {}

    List<Row> rows = handle
        .createQuery("SELECT name, admission, fleet FROM manufacturer ORDER BY name")
        .map((row, context) -> new Row(
            row.getString("name"),
            Admission.of(row.getString("admission")),
            Optional.ofNullable(Columns.fleetOrNull(row, "fleet"))))
        .list();
    List<Manufacturer> manufacturers = new ArrayList<>();
    for (Row row : rows) {
      manufacturers.add(
          new Manufacturer(row.name, row.admission, row.fleet.orElse(null), anchors(row.name)));
    }
    return manufacturers;
  }

  private List<X509Certificate> anchors(String name) {
    return handle
        .createQuery("SELECT certificate FROM manufacturer_ca WHERE manufacturer = :name"
            + " ORDER BY added_at, fingerprint")
        .bind("name", name)
        .map((row, context) -> Columns.certificate(row, "certificate"))
        .list();
  }

  /** The one of that name. */
  public Optional<Manufacturer> find(String name) {
    return all().stream()
        .filter(manufacturer -> manufacturer.name().equals(name))
        .findFirst();
  }

  /** Adds it, or changes its rule and fleet; its trust anchors are added to those it has. */
  public void save(Manufacturer manufacturer, Instant now) {
    int changed = handle
        .createUpdate(
            "UPDATE manufacturer SET admission = :admission, fleet = :fleet WHERE name = :name")
        .bind("name", manufacturer.name())
        .bind("admission", manufacturer.admission().label())
        .bind("fleet", Columns.text(manufacturer.fleet()))
        .execute();
    if (changed == 0) {
      handle
          .createUpdate("INSERT INTO manufacturer (name, admission, fleet, created_at)"
              + " VALUES (:name, :admission, :fleet, :now)")
          .bind("name", manufacturer.name())
          .bind("admission", manufacturer.admission().label())
          .bind("fleet", Columns.text(manufacturer.fleet()))
          .bind("now", now)
          .execute();
    }
    for (X509Certificate ca : manufacturer.cas()) {
      if (ownerOf(ca).isEmpty()) {
        handle
            .createUpdate(
                "INSERT INTO manufacturer_ca (fingerprint, manufacturer, certificate, added_at)"
                    + " VALUES (:fingerprint, :name, :certificate, :now)")
            .bind("fingerprint", Fingerprint.of(ca).hex())
            .bind("name", manufacturer.name())
            .bind("certificate", Columns.encoded(ca))
            .bind("now", now)
            .execute();
      }
    }
  }

  /** The manufacturer that a trust anchor belongs to. */
  public Optional<String> ownerOf(X509Certificate ca) {
    return handle
        .createQuery("SELECT manufacturer FROM manufacturer_ca WHERE fingerprint = :fingerprint")
        .bind("fingerprint", Fingerprint.of(ca).hex())
        .mapTo(String.class)
        .findOne();
  }

  /** What was announced about a serial number. */
  public Optional<ManifestEntry> announced(String manufacturer, String serial) {
    return handle
        .createQuery("SELECT serial, fleet, device, tags FROM manifest_entry"
            + " WHERE manufacturer = :manufacturer AND serial = :serial")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .map((row, context) -> manifestEntry(row))
        .findOne();
  }

  /** Whether a name is kept for a device that was announced, outright or by template. */
  public boolean isAnnounced(DeviceId device) {
    return isKept("device", device, "", "") || isKept("template_id", device, "", "");
  }

  /** As {@link #isAnnounced}, and that device is not the one of this manufacturer and serial. */
  public boolean isAnnouncedForOther(DeviceId device, String manufacturer, String serial) {
    return isKept("device", device, manufacturer, serial)
        || isKept("template_id", device, manufacturer, serial);
  }

  /** Column by column, because an index helps with neither in an OR. */
  private boolean isKept(String column, DeviceId device, String manufacturer, String serial) {
    return handle
            .createQuery("SELECT COUNT(*) FROM manifest_entry WHERE " + column + " = :device"
                + " AND NOT (manufacturer = :manufacturer AND serial = :serial)")
            .bind("device", device.value())
            .bind("manufacturer", manufacturer)
            .bind("serial", serial)
            .mapTo(Integer.class)
            .one()
        > 0;
  }

  /** Announces a device that was not announced before. */
  public void announce(String manufacturer, ManifestEntry entry, Instant now) {
    handle
        .createUpdate(
            "INSERT INTO manifest_entry (manufacturer, serial, fleet, device, template_id, tags,"
                + " added_at) VALUES (:manufacturer, :serial, :fleet, :device, :template, :tags,"
                + " :now)")
        .bind("manufacturer", manufacturer)
        .bind("serial", entry.serial())
        .bind("fleet", Columns.text(entry.fleet()))
        .bind("device", Columns.text(entry.device()))
        .bind(
            "template",
            entry.device() == null ? Manufacturer.template(manufacturer, entry.serial()) : null)
        .bind("tags", entry.tags())
        .bind("now", now)
        .execute();
  }

  /** All fleets that manufacturers or manifests name. */
  public List<FleetName> fleets() {
    return handle
        .createQuery("SELECT fleet FROM manufacturer WHERE fleet IS NOT NULL"
            + " UNION SELECT fleet FROM manifest_entry WHERE fleet IS NOT NULL"
            + " UNION SELECT fleet FROM device")
        .map((row, context) -> new FleetName(row.getString(1)))
        .list();
  }

  private static ManifestEntry manifestEntry(ResultSet row) throws SQLException {
    return new ManifestEntry(
        row.getString("serial"),
        Columns.fleetOrNull(row, "fleet"),
        Columns.deviceOrNull(row, "device"),
        row.getString("tags"));
  }
}
