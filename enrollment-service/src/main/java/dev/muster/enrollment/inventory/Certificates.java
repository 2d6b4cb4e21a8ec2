/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.sql.Sql;
import dev.muster.protocol.identity.DeviceId;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The certificates we issued. */
public final class Certificates {
  /**
   * A key that its certificate's successor keeps is used once more; any other is new, or taken, as
   * the unique constraint will tell.
   */
  private static final String KEY_USE =
      "COALESCE((SELECT before.key_use + 1 FROM certificate before"
          + " WHERE before.serial = :replaces AND before.public_key = :key), 0)";

  /** Brings up to date when devices' newest live certificates end, and are to be renewed. */
  private static final String ENDS =
      "UPDATE device SET certificate_ends = (SELECT MAX(n.not_after) FROM certificate n"
          + " WHERE n.device = device.id AND n.status = 'active'),"
          + " renew_by = (SELECT MAX(r.renew_by) FROM certificate r"
          + " WHERE r.device = device.id AND r.status = 'active')";

  private final Sql sql;

  Certificates(Sql sql) {
    this.sql = sql;
  }

  public void insert(CertificateRecord record) {
    insertRow(record);
    if (record.device() != null && record.status() == CertificateStatus.ACTIVE) {
      sql.statement(
              "UPDATE device SET certificate_ends = GREATEST(COALESCE(certificate_ends, :ends), :ends),"
                  + " renew_by = GREATEST(COALESCE(renew_by, :renewBy), :renewBy) WHERE id = :device")
          .bind("device", record.device().value())
          .bind("ends", record.notAfter())
          .bind("renewBy", record.renewBy())
          .execute();
    }
  }

  /** Of a device whose row tells of it already. */
  void insertRow(CertificateRecord record) {
    sql.statement("INSERT INTO certificate (serial, issuer, role, profile, device, replaces,"
            + " public_key, key_use, not_after, renew_by, issued_at, status, shard, certificate) VALUES"
            + " (:serial, :issuer, :role, :profile, :device, :replaces, :key, "
            + KEY_USE + ", :notAfter, :renewBy, :issuedAt, :status, :shard, :certificate)")
        .bind("serial", record.serial())
        .bind("issuer", record.issuer())
        .bind("role", record.role())
        .bind("profile", record.profile())
        .bind("device", Columns.text(record.device()))
        .bind("replaces", record.replaces())
        .bind("key", record.key().octets())
        .bind("notAfter", record.notAfter())
        .bind("renewBy", record.renewBy())
        .bind("issuedAt", record.issuedAt())
        .bind("status", record.status().label())
        .bind("shard", record.shard())
        .bind("certificate", record.stored().der())
        .execute();
  }

  /** @param serial lower-case hexadecimal digits */
  public Optional<CertificateRecord> find(String serial) {
    return sql.statement("SELECT * FROM certificate WHERE serial = :serial")
        .bind("serial", serial)
        .first(Certificates::certificate);
  }

  /** What is recorded of a certificate; empty if we issued none that is the same to the byte. */
  public Optional<CertificateRecord> find(X509Certificate presented) {
    return find(presented.getSerialNumber().toString(16))
        .filter(record -> record.stored().is(presented));
  }

  /**
   * What is hardly ever so, and then only needs to be looked into.
   *
   * @param seenKey whether a key was ever certified, or is that of an IDevID
   * @param pending whether keys of a device wait for an operator, or were decided about by one
   * @param sharedFactoryKey whether another device has the key of its IDevID
   */
  public record Rarities(boolean seenKey, boolean pending, boolean sharedFactoryKey) {}

  /**
   * @param factoryKey of its IDevID; null if it shows none
   * @param device null for one that is not in the registry yet
   */
  public Rarities rarities(
      Fingerprint key, @Nullable Fingerprint factoryKey, @Nullable DeviceId device) {
    return sql.statement("SELECT EXISTS (SELECT 1 FROM certificate WHERE public_key = :key)"
            + " OR EXISTS (SELECT 1 FROM device WHERE factory_key = :key),"
            + " EXISTS (SELECT 1 FROM pending_enrollment WHERE device = :device),"
            + " EXISTS (SELECT 1 FROM device WHERE factory_key = :factoryKey AND id <> :device)")
        .bind("key", key.octets())
        .bind("factoryKey", Columns.octets(factoryKey))
        .bind("device", Devices.idOrNone(device))
        .one(row -> new Rarities(row.getBoolean(1), row.getBoolean(2), row.getBoolean(3)));
  }

  /** The newest with that key: there are several only where keys may be kept. */
  public Optional<CertificateRecord> findByKey(Fingerprint key) {
    return sql.statement(
            "SELECT * FROM certificate WHERE public_key = :key ORDER BY key_use DESC LIMIT 1")
        .bind("key", key.octets())
        .first(Certificates::certificate);
  }

  /** As {@link #find}, and keeps all others from changing it until the transaction ends. */
  public Optional<CertificateRecord> lock(String serial) {
    return sql.statement("SELECT * FROM certificate WHERE serial = :serial FOR UPDATE")
        .bind("serial", serial)
        .first(Certificates::certificate);
  }

  /**
   * Those of a device that matter to a decision: all that end at {@code since} or later, and the
   * newest in any case; oldest first.
   */
  public List<CertificateRecord> current(DeviceId device, Instant since) {
    return sql.statement("SELECT * FROM certificate WHERE device = :device AND (not_after >= :since"
            + " OR issued_at = (SELECT MAX(issued_at) FROM certificate WHERE device = :device))"
            + " ORDER BY issued_at, serial")
        .bind("device", device.value())
        .bind("since", since)
        .list(Certificates::certificate);
  }

  /** Those of a device, oldest first. */
  public List<CertificateRecord> of(DeviceId device) {
    return sql.statement(
            "SELECT * FROM certificate WHERE device = :device ORDER BY issued_at, serial")
        .bind("device", device.value())
        .list(Certificates::certificate);
  }

  /** A program's that were renewed from one, whatever has become of them. */
  public List<CertificateRecord> renewedFrom(String serial) {
    return sql.statement(
            "SELECT * FROM certificate WHERE device IS NULL AND replaces = :serial ORDER BY serial")
        .bind("serial", serial)
        .list(Certificates::certificate);
  }

  /** Somebody has come with them, for the first time or again. */
  public void used(Collection<String> serials, Instant now) {
    sql.statement(
            "UPDATE certificate SET used_at = :now WHERE serial = :serial AND used_at IS NULL")
        .executeEach(
            serials, (statement, serial) -> statement.bind("now", now).bind("serial", serial));
  }

  /** Those of an issuer that have not ended, revoked or not. */
  public List<CertificateRecord> ofIssuer(String issuer, Instant endAfter) {
    return sql.statement(
            "SELECT * FROM certificate WHERE issuer = :issuer AND not_after > :endAfter"
                + " ORDER BY serial")
        .bind("issuer", issuer)
        .bind("endAfter", endAfter)
        .list(Certificates::certificate);
  }

  /** By serial number, those after {@code after}. */
  public List<CertificateRecord> page(String after, int limit) {
    return page(Within.ALL, after, limit);
  }

  /** As above, those of devices of some fleets. */
  public List<CertificateRecord> page(Within within, String after, int limit) {
    return sql.statement("SELECT * FROM certificate WHERE serial > :after"
            + within.andDevice("device") + " ORDER BY serial LIMIT :limit")
        .bindAll(within.values())
        .bind("after", after)
        .bind("limit", limit)
        .list(Certificates::certificate);
  }

  /** As {@link #page(Within, String, int)}, those of a status. */
  public List<CertificateRecord> page(
      Within within, CertificateStatus status, String after, int limit) {
    return sql.statement("SELECT * FROM certificate WHERE status = :status AND serial > :after"
            + within.andDevice("device") + " ORDER BY serial LIMIT :limit")
        .bindAll(within.values())
        .bind("status", status.label())
        .bind("after", after)
        .bind("limit", limit)
        .list(Certificates::certificate);
  }

  /**
   * Devices' newest live certificates that end before a time: one for each device that will have
   * none then. By serial number, those after {@code after}.
   */
  public List<CertificateRecord> ending(Within within, Instant before, String after, int limit) {
    return sql.statement("SELECT c.* FROM certificate c WHERE c.serial > :after"
            + " AND c.not_after <= :before AND c.status = 'active' AND c.device IS NOT NULL"
            + " AND NOT EXISTS (SELECT 1 FROM certificate other WHERE other.device = c.device"
            + " AND other.status = 'active' AND (other.not_after > c.not_after"
            + " OR (other.not_after = c.not_after AND other.serial > c.serial)))"
            + within.andDevice("c.device") + " ORDER BY c.serial LIMIT :limit")
        .bindAll(within.values())
        .bind("before", before)
        .bind("after", after)
        .bind("limit", limit)
        .list(Certificates::certificate);
  }

  /** The status of one; empty if we issued no such certificate. Quicker than {@link #find}. */
  public Optional<IssuedStatus> status(String serial) {
    return sql.statement(
            "SELECT issuer, status, reason, revoked_at FROM certificate WHERE serial = :serial")
        .bind("serial", serial)
        .first(row -> new IssuedStatus(
            row.getString("issuer"),
            CertificateStatus.of(row.getString("status")),
            row.getString("reason") == null ? null : RevocationReason.of(row.getString("reason")),
            Columns.instantOrNull(row, "revoked_at")));
  }

  /** Serial numbers of some of an issuer's about which somebody may ask: they have not ended. */
  public List<String> askable(String issuer, Instant now, int limit) {
    return sql.statement("SELECT serial FROM certificate WHERE issuer = :issuer"
            + " AND not_after > :now AND role NOT IN ('ca', 'ocsp') LIMIT :limit")
        .bind("issuer", issuer)
        .bind("now", now)
        .bind("limit", limit)
        .list(row -> row.getString("serial"));
  }

  /**
   * When the last certificate of an issuer ends; empty if it has none. One that was revoked counts
   * as well: until then somebody must tell of it. Those by which OCSP tells of them do not: they
   * are made for as long as somebody asks.
   */
  public Optional<Instant> lastEnd(String issuer) {
    return sql.statement("SELECT not_after FROM certificate WHERE issuer = :issuer"
            + " AND role <> 'ocsp' ORDER BY not_after DESC LIMIT 1")
        .bind("issuer", issuer)
        .first(row -> Columns.instant(row, "not_after"));
  }

  /** Revokes all that an issuer has issued and that is active. @return how many those were */
  public int revokeAllOf(String issuer, RevocationReason reason, Instant now) {
    int revoked = sql.statement(
            "UPDATE certificate SET status = 'revoked', reason = :reason, revoked_at = :at"
                + " WHERE issuer = :issuer AND status = 'active'")
        .bind("issuer", issuer)
        .bind("reason", reason.label())
        .bind("at", now)
        .execute();
    sql.statement(ENDS + " WHERE id IN (SELECT c.device FROM certificate c"
            + " WHERE c.issuer = :issuer AND c.device IS NOT NULL)")
        .bind("issuer", issuer)
        .execute();
    return revoked;
  }

  /**
   * The shards of an issuer that have certificates which end at {@code since} or later, with the
   * last of those ends.
   */
  public Map<Integer, Instant> shardEnds(String issuer, Instant since) {
    Map<Integer, Instant> ends = new HashMap<>();
    sql.statement("SELECT shard, MAX(not_after) AS last_end FROM certificate"
            + " WHERE issuer = :issuer AND not_after >= :since AND shard > 0 GROUP BY shard")
        .bind("issuer", issuer)
        .bind("since", since)
        .list(row -> ends.put(row.getInt("shard"), Columns.instant(row, "last_end")));
    return ends;
  }

  /** As {@link #update(String, CertificateStatus, RevocationReason, Instant, Instant)}. */
  public void update(
      String serial, CertificateStatus status, @Nullable RevocationReason reason, Instant now) {
    update(serial, status, reason, now, null);
  }

  /**
   * Changes the status, and what the next CRL says.
   *
   * @param reason null to make it active again
   * @param invalidSince since when its key may be known to others; null if nobody said so
   */
  public void update(
      String serial,
      CertificateStatus status,
      @Nullable RevocationReason reason,
      Instant now,
      @Nullable Instant invalidSince) {
    sql.statement("UPDATE certificate SET status = :status, reason = :reason, revoked_at = :at"
            + " WHERE serial = :serial")
        .bind("serial", serial)
        .bind("status", status.label())
        .bind("reason", reason == null ? null : reason.label())
        .bind("at", reason == null ? null : now)
        .execute();
    sql.statement(
            ENDS + " WHERE id = (SELECT c.device FROM certificate c WHERE c.serial = :serial)")
        .bind("serial", serial)
        .execute();
    new TakenBackCertificates(sql).replace(serial, reason, now, invalidSince);
  }

  private static CertificateRecord certificate(ResultSet row) throws SQLException {
    String reason = row.getString("reason");
    return new CertificateRecord(
        row.getString("issuer"),
        row.getString("role"),
        row.getString("profile"),
        Columns.deviceOrNull(row, "device"),
        row.getString("replaces"),
        row.getInt("shard"),
        Columns.instant(row, "issued_at"),
        CertificateStatus.of(row.getString("status")),
        reason == null ? null : RevocationReason.of(reason),
        Columns.instantOrNull(row, "revoked_at"),
        Columns.instantOrNull(row, "used_at"),
        new IssuedCertificate(
            row.getString("serial"),
            Fingerprint.ofOctets(row.getBytes("public_key")),
            Columns.instant(row, "not_after"),
            row.getBytes("certificate")));
  }
}
