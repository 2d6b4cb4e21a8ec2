/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The newest CRLs, their numbers, and which certificates go to which of them. */
public final class Crls {
  private final Sql sql;

  Crls(Sql sql) {
    this.sql = sql;
  }

  /**
   * A CRL that was made.
   *
   * @param shard 0 for the complete CRL
   * @param digest tells whether its entries are still those that it should have
   * @param url what its certificates name as their distribution point; empty for the complete CRL
   */
  public record Issued(
      int shard,
      long number,
      Instant thisUpdate,
      Instant nextUpdate,
      int entries,
      String digest,
      String url) {}

  /**
   * The next number of an issuer's CRLs: higher than each before (RFC 5280, 5.2.3), whatever other
   * process makes CRLs of the same issuer.
   *
   * @param atLeast the lowest that is wanted
   */
  public long nextNumber(String issuer, long atLeast) {
    Optional<Long> last = sql.statement(
            "SELECT number FROM crl_sequence WHERE issuer = :issuer FOR UPDATE")
        .bind("issuer", issuer)
        .first(row -> row.getLong(1));
    long number = Math.max(last.orElse(0L) + 1, atLeast);
    String statement = last.isPresent()
        ? "UPDATE crl_sequence SET number = :number WHERE issuer = :issuer"
        : "INSERT INTO crl_sequence (issuer, number) VALUES (:issuer, :number)";
    sql.statement(statement).bind("issuer", issuer).bind("number", number).execute();
    return number;
  }

  /** The newest CRLs of an issuer, by shard. */
  public Map<Integer, Issued> newest(String issuer) {
    Map<Integer, Issued> newest = new HashMap<>();
    sql.statement("SELECT * FROM crl_newest WHERE issuer = :issuer")
        .bind("issuer", issuer)
        .list(Crls::issued)
        .forEach(issued -> newest.put(issued.shard(), issued));
    return newest;
  }

  /** The bytes of a CRL; empty if it is no longer the newest. */
  public Optional<byte[]> content(String issuer, Issued issued) {
    return sql.statement("SELECT crl FROM crl_content WHERE issuer = :issuer AND shard = :shard"
            + " AND number = :number")
        .bind("issuer", issuer)
        .bind("shard", issued.shard())
        .bind("number", issued.number())
        .first(row -> row.getBytes("crl"));
  }

  /** Puts a CRL in the place of the one before, unless that is newer still. */
  public void replace(String issuer, Issued issued, byte[] der) {
    boolean isFirst = !newest(issuer).containsKey(issued.shard());
    // Compared where it is written: another process may be writing a newer one at this moment.
    String statement = isFirst
        ? "INSERT INTO crl_newest (issuer, shard, number, this_update, next_update, entries,"
            + " digest, url) VALUES (:issuer, :shard, :number, :thisUpdate, :nextUpdate, :entries,"
            + " :digest, :url)"
        : "UPDATE crl_newest SET number = :number, this_update = :thisUpdate,"
            + " next_update = :nextUpdate, entries = :entries, digest = :digest, url = :url"
            + " WHERE issuer = :issuer AND shard = :shard AND number < :number";
    int written = sql.statement(statement)
        .bind("issuer", issuer)
        .bind("shard", issued.shard())
        .bind("number", issued.number())
        .bind("thisUpdate", issued.thisUpdate())
        .bind("nextUpdate", issued.nextUpdate())
        .bind("entries", issued.entries())
        .bind("digest", issued.digest())
        .bind("url", issued.url())
        .execute();
    if (written > 0) {
      replaceContent(issuer, issued, der);
    }
  }

  private void replaceContent(String issuer, Issued issued, byte[] der) {
    remove(issuer, issued.shard(), "crl_content");
    sql.statement("INSERT INTO crl_content (issuer, shard, number, crl)"
            + " VALUES (:issuer, :shard, :number, :crl)")
        .bind("issuer", issuer)
        .bind("shard", issued.shard())
        .bind("number", issued.number())
        .bind("crl", der)
        .execute();
  }

  /** Ends a shard: none of its certificates is left, and there will be no other. */
  public void delete(String issuer, int shard) {
    remove(issuer, shard, "crl_newest", "crl_content", "crl_places");
  }

  private void remove(String issuer, int shard, String... tables) {
    for (String table : tables) {
      sql.statement("DELETE FROM " + table + " WHERE issuer = :issuer AND shard = :shard")
          .bind("issuer", issuer)
          .bind("shard", shard)
          .execute();
    }
  }

  /** The shard being filled; 0 if there is none yet. */
  public int openShard(String issuer) {
    return sql.statement("SELECT shard FROM crl_shard WHERE issuer = :issuer")
        .bind("issuer", issuer)
        .first(row -> row.getInt(1))
        .orElse(0);
  }

  /**
   * Gives away places in the shard being filled, or in a new one if they do not fit; each place
   * once, whatever other process asks.
   *
   * @param base what the URL of the shard begins with; another than before begins another shard
   * @param size of a shard
   * @param now kept: see {@link #lastTaken}
   * @return the shard
   */
  public int takePlaces(String issuer, String base, int count, int size, Instant now) {
    record Filling(int shard, int used, String base) {}

    Optional<Filling> filling = sql.statement(
            "SELECT shard, used, base FROM crl_shard WHERE issuer = :issuer FOR UPDATE")
        .bind("issuer", issuer)
        .first(row -> new Filling(row.getInt("shard"), row.getInt("used"), row.getString("base")));
    boolean fits =
        filling.map(open -> open.used + count <= size && open.base.equals(base)).orElse(false);
    int shard = filling.map(Filling::shard).orElse(0) + (fits ? 0 : 1);
    int used = fits ? filling.orElseThrow().used + count : count;
    String statement = filling.isPresent()
        ? "UPDATE crl_shard SET shard = :shard, used = :used, base = :base WHERE issuer = :issuer"
        : "INSERT INTO crl_shard (issuer, shard, used, base)"
            + " VALUES (:issuer, :shard, :used, :base)";
    sql.statement(statement)
        .bind("issuer", issuer)
        .bind("shard", shard)
        .bind("used", used)
        .bind("base", base)
        .execute();
    recordTaken(issuer, shard, now);
    return shard;
  }

  private void recordTaken(String issuer, int shard, Instant now) {
    remove(issuer, shard, "crl_places");
    sql.statement("INSERT INTO crl_places (issuer, shard, taken_at) VALUES (:issuer, :shard, :now)")
        .bind("issuer", issuer)
        .bind("shard", shard)
        .bind("now", now)
        .execute();
  }

  /** When places in each shard of an issuer were last given away. */
  public Map<Integer, Instant> lastTaken(String issuer) {
    Map<Integer, Instant> taken = new HashMap<>();
    sql.statement("SELECT shard, taken_at FROM crl_places WHERE issuer = :issuer")
        .bind("issuer", issuer)
        .list(row -> taken.put(row.getInt("shard"), Columns.instant(row, "taken_at")));
    return taken;
  }

  private static Issued issued(ResultSet row) throws SQLException {
    return new Issued(
        row.getInt("shard"),
        row.getLong("number"),
        Columns.instant(row, "this_update"),
        Columns.instant(row, "next_update"),
        row.getInt("entries"),
        row.getString("digest"),
        row.getString("url"));
  }
}
