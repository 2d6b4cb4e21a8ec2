/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import com.zaxxer.hikari.HikariConfig;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.sql.Sql;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.function.Supplier;

/** Registries that only a benchmark wants. */
public final class BenchRegistry {
  private static final int AT_ONCE = 1000;

  private BenchRegistry() {}

  /** The same tables in memory: what is committed is nowhere. */
  public static Registry inMemory() {
    return Registry.open(new Database() {
      @Override
      public String dialect() {
        return "h2";
      }

      @Override
      public HikariConfig configuration() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:h2:mem:bench;DB_CLOSE_DELAY=-1;QUERY_CACHE_SIZE=128");
        config.setUsername("sa");
        config.setPassword("");
        return config;
      }

      @Override
      public void flush(Supplier<Sql> connection) {}

      @Override
      public String explain(Throwable problem) {
        return problem.toString();
      }

      @Override
      public void close() {}
    });
  }

  /** Puts devices there that have enrolled once; all show the one certificate given. */
  public static void fill(Registry registry, int devices, X509Certificate certificate) {
    Instant now = Instant.now();
    byte[] der = Columns.encoded(certificate);
    for (int from = 0; from < devices; from += AT_ONCE) {
      int begin = from;
      registry.commit(tables -> {
        for (int i = begin; i < Math.min(devices, begin + AT_ONCE); i++) {
          Fingerprint unique = new Fingerprint(String.format("%064x", i + 1L));
          DeviceId id = new DeviceId("acme-fill-" + i);
          tables
              .devices()
              .insert(new DeviceRecord(
                  id,
                  new FleetName("default"),
                  "acme",
                  "FILL-" + i,
                  unique,
                  DeviceStatus.ACTIVE,
                  NextKey.JUDGED,
                  now,
                  now,
                  0,
                  Identification.IDEVID));
          tables
              .certificates()
              .insert(new CertificateRecord(
                  "device",
                  "device",
                  null,
                  id,
                  null,
                  0,
                  now,
                  CertificateStatus.ACTIVE,
                  null,
                  null,
                  null,
                  new IssuedCertificate(
                      String.format("1%032x", i),
                      unique,
                      certificate.getNotAfter().toInstant(),
                      der)));
        }
        return begin;
      });
    }
  }
}
