/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.io.ByteArrayInputStream;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/** Our types in columns. */
final class Columns {
  private Columns() {}

  static Instant instant(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  static @Nullable Instant instantOrNull(ResultSet row, String column) throws SQLException {
    OffsetDateTime time = row.getObject(column, OffsetDateTime.class);
    return time == null ? null : time.toInstant();
  }

  static @Nullable FleetName fleetOrNull(ResultSet row, String column) throws SQLException {
    String value = row.getString(column);
    return value == null ? null : new FleetName(value);
  }

  static @Nullable DeviceId deviceOrNull(ResultSet row, String column) throws SQLException {
    String value = row.getString(column);
    return value == null ? null : new DeviceId(value);
  }

  static @Nullable Fingerprint fingerprintOrNull(ResultSet row, String column) throws SQLException {
    String value = row.getString(column);
    return value == null ? null : new Fingerprint(value);
  }

  static X509Certificate certificate(ResultSet row, String column) throws SQLException {
    return certificate(row.getBytes(column));
  }

  static X509Certificate certificate(byte[] der) {
    try {
      return (X509Certificate) CertificateFactory.getInstance("X.509")
          .generateCertificate(new ByteArrayInputStream(der));
    } catch (CertificateException e) {
      throw new IllegalStateException("registry: a column that holds no certificate", e);
    }
  }

  static byte[] encoded(X509Certificate certificate) {
    try {
      return certificate.getEncoded();
    } catch (CertificateEncodingException e) {
      throw new IllegalStateException("certificate without an encoding", e);
    }
  }

  static byte @Nullable [] octets(@Nullable Fingerprint value) {
    return value == null ? null : value.octets();
  }

  static @Nullable String text(@Nullable Object value) {
    return value == null ? null : value.toString();
  }
}
