/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import dev.muster.protocol.identity.FleetName;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Orders to renew early; few, for a person gives each. */
public final class RenewalOrders {
  private final Sql sql;

  RenewalOrders(Sql sql) {
    this.sql = sql;
  }

  public void insert(RenewalOrder order) {
    sql.statement("INSERT INTO renewal_order (id, issuer, fleet, issued_before, opens, closes)"
            + " VALUES (:id, :issuer, :fleet, :issuedBefore, :opens, :closes)")
        .bind("id", order.id())
        .bind("issuer", order.issuer())
        .bind("fleet", Columns.text(order.fleet()))
        .bind("issuedBefore", order.issuedBefore())
        .bind("opens", order.opens())
        .bind("closes", order.closes())
        .execute();
  }

  /** The order for a certificate that opens first. */
  public Optional<RenewalOrder> first(CertificateRecord certificate, @Nullable FleetName fleet) {
    return sql.statement("SELECT * FROM renewal_order WHERE issued_before > :issuedAt"
            + " AND (issuer IS NULL OR issuer = :issuer) AND (fleet IS NULL OR fleet = :fleet)"
            + " ORDER BY opens, id LIMIT 1")
        .bind("issuedAt", certificate.issuedAt())
        .bind("issuer", certificate.issuer())
        .bind("fleet", fleet == null ? "" : fleet.value())
        .first(RenewalOrders::order);
  }

  /** All of them, the newest first. */
  public List<RenewalOrder> all() {
    return sql.statement("SELECT * FROM renewal_order ORDER BY opens DESC, id")
        .list(RenewalOrders::order);
  }

  /** Forgets those about certificates that have all ended. */
  public int expire(Instant issuedBefore) {
    return sql.statement("DELETE FROM renewal_order WHERE issued_before < :issuedBefore")
        .bind("issuedBefore", issuedBefore)
        .execute();
  }

  private static RenewalOrder order(ResultSet row) throws SQLException {
    return new RenewalOrder(
        row.getString("id"),
        row.getString("issuer"),
        Columns.fleetOrNull(row, "fleet"),
        Columns.instant(row, "issued_before"),
        Columns.instant(row, "opens"),
        Columns.instant(row, "closes"));
  }
}
