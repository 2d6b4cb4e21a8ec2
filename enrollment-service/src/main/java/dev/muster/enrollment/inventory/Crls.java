/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.time.Instant;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** The CRLs we made: their numbers must only ever rise (RFC 5280, 5.2.3). */
public final class Crls {
  private static final int KEPT = 10;

  private final Handle handle;

  Crls(Handle handle) {
    this.handle = handle;
  }

  /** Number and date of a CRL. */
  public record Issued(long number, Instant thisUpdate) {}

  /** The newest of an issuer. */
  public Optional<Issued> newest(String issuer) {
    return handle
        .createQuery("SELECT number, this_update FROM crl WHERE issuer = :issuer"
            + " ORDER BY number DESC LIMIT 1")
        .bind("issuer", issuer)
        .map((row, context) ->
            new Issued(row.getLong("number"), Columns.instant(row, "this_update")))
        .findOne();
  }

  public void insert(
      String issuer, long number, Instant thisUpdate, Instant nextUpdate, byte[] der) {
    handle
        .createUpdate("INSERT INTO crl (issuer, number, this_update, next_update, crl)"
            + " VALUES (:issuer, :number, :thisUpdate, :nextUpdate, :crl)")
        .bind("issuer", issuer)
        .bind("number", number)
        .bind("thisUpdate", thisUpdate)
        .bind("nextUpdate", nextUpdate)
        .bind("crl", der)
        .execute();
    handle
        .createUpdate("DELETE FROM crl WHERE issuer = :issuer AND number NOT IN"
            + " (SELECT number FROM crl WHERE issuer = :issuer ORDER BY number DESC LIMIT " + KEPT
            + ")")
        .bind("issuer", issuer)
        .execute();
  }
}
