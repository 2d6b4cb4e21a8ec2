/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.idevid.IdentityRule;
import dev.muster.enrollment.idevid.ManufacturerCrl;
import dev.muster.enrollment.inventory.ManufacturerCa.Challenge;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Manufacturers, their trust anchors, and the devices they announced. */
public final class Manufacturers {
  /** Stands in no id. */
  private static final String CURSOR = "/";

  private final Sql sql;

  Manufacturers(Sql sql) {
    this.sql = sql;
  }

  /**
   * Keeps all others from changing manufacturers until the transaction ends, so that no two find
   * the same name or CA free; and lets every service process notice the change.
   */
  public void changing() {
    sql.statement("UPDATE trust_version SET version = version + 1 WHERE id = 1").execute();
  }

  /** Another number after each change of manufacturers or fleets. */
  public long version() {
    return sql.statement("SELECT version FROM trust_version WHERE id = 1")
        .one(row -> row.getLong(1));
  }

  /** All of them, by name. */
  public List<Manufacturer> all() {
    Map<String, List<ManufacturerCa>> cas = new HashMap<>();
    sql.statement("SELECT * FROM manufacturer_ca ORDER BY added_at, fingerprint")
        .list(row -> Map.entry(row.getString("manufacturer"), ca(row)))
        .forEach(entry ->
            cas.computeIfAbsent(entry.getKey(), name -> new ArrayList<>()).add(entry.getValue()));
    return sql.statement("SELECT * FROM manufacturer ORDER BY name")
        .list(row -> manufacturer(row, cas.getOrDefault(row.getString("name"), List.of())));
  }

  /** The one of that name. */
  public Optional<Manufacturer> find(String name) {
    List<ManufacturerCa> cas = sql.statement(
            "SELECT * FROM manufacturer_ca WHERE manufacturer = :name"
                + " ORDER BY added_at, fingerprint")
        .bind("name", name)
        .list(Manufacturers::ca);
    return sql.statement("SELECT * FROM manufacturer WHERE name = :name")
        .bind("name", name)
        .first(row -> manufacturer(row, cas));
  }

  private static Manufacturer manufacturer(ResultSet row, List<ManufacturerCa> cas)
      throws SQLException {
    ManufacturerPolicy policy = new ManufacturerPolicy(
        Admission.of(row.getString("admission")),
        Columns.fleetOrNull(row, "fleet"),
        IdentityRule.of(row.getString("identity")),
        row.getBoolean("expired_idevids"),
        Duration.ofSeconds(row.getLong("future_tolerance_s")),
        Duration.ofSeconds(row.getLong("renewal_grace_s")),
        row.getBoolean("claim_required"),
        CrlMode.of(row.getString("crl_mode")));
    return new Manufacturer(row.getString("name"), policy, distrust(row), cas);
  }

  private static ManufacturerCa ca(ResultSet row) throws SQLException {
    @Nullable String challenge = row.getString("challenge");
    @Nullable Instant until = Columns.instantOrNull(row, "challenge_until");
    @Nullable String crlUrl = row.getString("crl_url");
    return new ManufacturerCa(
        Columns.certificate(row, "certificate"),
        Columns.instantOrNull(row, "proven_at"),
        challenge == null || until == null ? null : new Challenge(challenge, until),
        distrust(row),
        crlUrl == null ? null : URI.create(crlUrl));
  }

  private static @Nullable Distrust distrust(ResultSet row) throws SQLException {
    @Nullable Instant from = Columns.instantOrNull(row, "distrusted_from");
    return from == null ? null : new Distrust(from, row.getBoolean("distrust_renewals"));
  }

  /** Adds it, or changes it to this; its CAs are added to those it has, or changed to these. */
  public void save(Manufacturer manufacturer, Instant now) {
    String update = "UPDATE manufacturer SET admission = :admission, fleet = :fleet,"
        + " identity = :identity, expired_idevids = :expiredIdevids,"
        + " future_tolerance_s = :futureTolerance, renewal_grace_s = :renewalGrace,"
        + " claim_required = :claimRequired, crl_mode = :crlMode,"
        + " distrusted_from = :distrustedFrom, distrust_renewals = :distrustRenewals"
        + " WHERE name = :name";
    String insert = "INSERT INTO manufacturer (name, admission, fleet, identity, expired_idevids,"
        + " future_tolerance_s, renewal_grace_s, claim_required, crl_mode, distrusted_from,"
        + " distrust_renewals, created_at) VALUES (:name, :admission, :fleet, :identity,"
        + " :expiredIdevids, :futureTolerance, :renewalGrace, :claimRequired, :crlMode,"
        + " :distrustedFrom, :distrustRenewals, :now)";
    if (bound(update, manufacturer).execute() == 0) {
      bound(insert, manufacturer).bind("now", now).execute();
    }
    manufacturer.cas().forEach(ca -> save(manufacturer.name(), ca, now));
  }

  private SqlStatement bound(String statement, Manufacturer manufacturer) {
    ManufacturerPolicy policy = manufacturer.policy();
    SqlStatement update = sql.statement(statement)
        .bind("name", manufacturer.name())
        .bind("admission", policy.admission().label())
        .bind("fleet", Columns.text(policy.fleet()))
        .bind("identity", policy.identity().toString())
        .bind("expiredIdevids", policy.expiredIdevids())
        .bind("futureTolerance", policy.futureTolerance().toSeconds())
        .bind("renewalGrace", policy.renewalGrace().toSeconds())
        .bind("claimRequired", policy.claimRequired())
        .bind("crlMode", policy.crlMode().label());
    return bound(update, manufacturer.distrust());
  }

  private static SqlStatement bound(SqlStatement update, @Nullable Distrust distrust) {
    return update
        .bind("distrustedFrom", distrust == null ? null : distrust.from())
        .bind("distrustRenewals", distrust != null && distrust.renewals());
  }

  private void save(String manufacturer, ManufacturerCa ca, Instant now) {
    String update = "UPDATE manufacturer_ca SET proven_at = :provenAt, challenge = :challenge,"
        + " challenge_until = :until, distrusted_from = :distrustedFrom,"
        + " distrust_renewals = :distrustRenewals, crl_url = :crlUrl"
        + " WHERE fingerprint = :fingerprint AND manufacturer = :manufacturer";
    String insert = "INSERT INTO manufacturer_ca (fingerprint, manufacturer, certificate, added_at,"
        + " proven_at, challenge, challenge_until, distrusted_from, distrust_renewals, crl_url)"
        + " VALUES (:fingerprint, :manufacturer, :certificate, :now, :provenAt, :challenge,"
        + " :until, :distrustedFrom, :distrustRenewals, :crlUrl)";
    if (bound(update, manufacturer, ca).execute() == 0) {
      bound(insert, manufacturer, ca)
          .bind("certificate", Columns.encoded(ca.certificate()))
          .bind("now", now)
          .execute();
    }
  }

  private SqlStatement bound(String statement, String manufacturer, ManufacturerCa ca) {
    @Nullable Challenge challenge = ca.challenge();
    SqlStatement update = sql.statement(statement)
        .bind("fingerprint", ca.fingerprint().hex())
        .bind("manufacturer", manufacturer)
        .bind("provenAt", ca.provenAt())
        .bind("challenge", challenge == null ? null : challenge.text())
        .bind("until", challenge == null ? null : challenge.until())
        .bind("crlUrl", Columns.text(ca.crlUrl()));
    return bound(update, ca.distrust());
  }

  /** The newest CRL of each CA that has one. */
  public Map<Fingerprint, ManufacturerCrl> crls() {
    Map<Fingerprint, ManufacturerCrl> crls = new HashMap<>();
    sql.statement("SELECT ca, crl FROM manufacturer_crl")
        .list(row -> Map.entry(
            new Fingerprint(row.getString("ca")), ManufacturerCrl.parse(row.getBytes("crl"))))
        .forEach(entry -> crls.put(entry.getKey(), entry.getValue()));
    return crls;
  }

  /**
   * Keeps a CRL in place of the one before it.
   *
   * @return false if that one is as new; then nothing has changed
   */
  public boolean store(Fingerprint ca, ManufacturerCrl crl, Instant now) {
    Optional<Instant> before = sql.statement(
            "SELECT this_update FROM manufacturer_crl WHERE ca = :ca FOR UPDATE")
        .bind("ca", ca.hex())
        .first(row -> Columns.instant(row, "this_update"));
    if (before.isPresent() && !before.get().isBefore(crl.thisUpdate())) {
      return false;
    }
    String statement = before.isPresent()
        ? "UPDATE manufacturer_crl SET this_update = :thisUpdate, next_update = :nextUpdate,"
            + " crl = :crl, stored_at = :now WHERE ca = :ca"
        : "INSERT INTO manufacturer_crl (ca, this_update, next_update, crl, stored_at)"
            + " VALUES (:ca, :thisUpdate, :nextUpdate, :crl, :now)";
    sql.statement(statement)
        .bind("ca", ca.hex())
        .bind("thisUpdate", crl.thisUpdate())
        .bind("nextUpdate", crl.nextUpdate().orElse(null))
        .bind("crl", crl.encoded())
        .bind("now", now)
        .execute();
    return true;
  }

  /** By which CA's signature, and with which certificate, a device has come in. */
  public void cameBy(String manufacturer, String serial, Fingerprint ca, X509Certificate idevid) {
    sql.statement("UPDATE device SET idevid_ca = :ca, idevid_serial = :certificate"
            + " WHERE manufacturer = :manufacturer AND serial = :serial AND (idevid_ca IS NULL"
            + " OR idevid_ca <> :ca OR idevid_serial <> :certificate)")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .bind("ca", ca.hex())
        .bind("certificate", idevid.getSerialNumber().toString(16))
        .execute();
  }

  /** By whose signature a device came in last; empty if that is not known. */
  public Optional<Fingerprint> caOf(DeviceId device) {
    return sql.statement("SELECT idevid_ca FROM device WHERE id = :id AND idevid_ca IS NOT NULL")
        .bind("id", device.value())
        .first(row -> new Fingerprint(row.getString("idevid_ca")));
  }

  /** A live certificate of a device, and what it came in by. */
  public record Enrolled(
      DeviceId device,
      Instant enrolledAt,
      @Nullable Fingerprint idevidCa,
      @Nullable String idevidSerial,
      String certificate,
      Instant notAfter) {
    /** Behind which {@link #enrolled} goes on; a device may have several certificates. */
    public String cursor() {
      return device + CURSOR + certificate;
    }
  }

  /**
   * The live certificates of its devices, by device.
   *
   * @param after those behind this {@link Enrolled#cursor}; empty from the first
   */
  public List<Enrolled> enrolled(String manufacturer, String after, int limit, Instant now) {
    int cursor = after.indexOf(CURSOR);
    return sql.statement("SELECT d.id, d.enrolled_at, d.created_at, d.idevid_ca, d.idevid_serial,"
            + " c.serial AS certificate, c.not_after FROM device d JOIN certificate c"
            + " ON c.device = d.id WHERE d.manufacturer = :manufacturer"
            + " AND (d.id > :device OR d.id = :device AND c.serial > :serial)"
            + " AND c.status = 'active' AND c.not_after > :now ORDER BY d.id, c.serial"
            + " LIMIT :limit")
        .bind("manufacturer", manufacturer)
        .bind("device", cursor < 0 ? after : after.substring(0, cursor))
        .bind("serial", cursor < 0 ? "" : after.substring(cursor + CURSOR.length()))
        .bind("now", now)
        .bind("limit", limit)
        .list(Manufacturers::enrolled);
  }

  private static Enrolled enrolled(ResultSet row) throws SQLException {
    @Nullable Instant enrolled = Columns.instantOrNull(row, "enrolled_at");
    @Nullable String ca = row.getString("idevid_ca");
    return new Enrolled(
        new DeviceId(row.getString("id")),
        enrolled == null ? Columns.instant(row, "created_at") : enrolled,
        ca == null ? null : new Fingerprint(ca),
        row.getString("idevid_serial"),
        row.getString("certificate"),
        Columns.instant(row, "not_after"));
  }

  /** Whether some device came in by the signature of that CA. */
  public boolean hasDevices(Fingerprint ca) {
    return sql.statement("SELECT COUNT(*) FROM device WHERE idevid_ca = :ca")
            .bind("ca", ca.hex())
            .one(row -> row.getInt(1))
        > 0;
  }

  /** Forgets a CA and its CRL. */
  public void removeCa(Fingerprint ca) {
    for (String statement : List.of(
        "DELETE FROM manufacturer_crl WHERE ca = :ca",
        "DELETE FROM manufacturer_ca WHERE fingerprint = :ca")) {
      sql.statement(statement).bind("ca", ca.hex()).execute();
    }
  }

  /** What was announced about a serial number. */
  public Optional<ManifestEntry> announced(String manufacturer, String serial) {
    return sql.statement("SELECT serial, fleet, device, tags, key_id FROM manifest_entry"
            + " WHERE manufacturer = :manufacturer AND serial = :serial")
        .bind("manufacturer", manufacturer)
        .bind("serial", serial)
        .first(Manufacturers::manifestEntry);
  }

  /** Whether a name is kept for a device that was announced, outright or by template. */
  public boolean isAnnounced(DeviceId device) {
    return sql.statement("SELECT EXISTS (SELECT 1 FROM manifest_entry WHERE device = :device)"
            // Apart, because an index helps with neither in an OR.
            + " OR EXISTS (SELECT 1 FROM manifest_entry WHERE template_id = :device)")
        .bind("device", device.value())
        .one(row -> row.getBoolean(1));
  }

  /** All fleets that manufacturers or manifests name. */
  public List<FleetName> fleets() {
    return sql.statement("SELECT fleet FROM manufacturer WHERE fleet IS NOT NULL"
            + " UNION SELECT fleet FROM manifest_entry WHERE fleet IS NOT NULL"
            + " UNION SELECT fleet FROM device")
        .list(row -> new FleetName(row.getString(1)));
  }

  static ManifestEntry manifestEntry(ResultSet row) throws SQLException {
    return new ManifestEntry(
        row.getString("serial"),
        Columns.fleetOrNull(row, "fleet"),
        Columns.deviceOrNull(row, "device"),
        row.getString("tags"),
        Columns.fingerprintOrNull(row, "key_id"));
  }
}
