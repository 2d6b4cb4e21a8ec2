/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.authority.Pkcs11Token;
import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.issuance.SignatureScheme;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.rollover.RollOver;
import dev.muster.enrollment.rollover.RollOverConfig;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.testing.SoftHsm;
import dev.muster.testing.TestPki;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two enrollment services on one PostgreSQL: whichever a device asks, it is one device. */
class TwoProcessesIT {
  private static final int ROUNDS = 20;

  @TempDir
  static Path folder;

  static EmbeddedPostgres server;
  static DeskBench one;
  static DeskBench other;
  static final ExecutorService racers = Executors.newFixedThreadPool(2);

  @BeforeAll
  static void start() throws Exception {
    server = EmbeddedPostgres.start();
    StorageConfig storage = storage("postgres");
    one = new DeskBench(folder, storage, Duration.ofDays(1));
    other = new DeskBench(folder, storage, Duration.ofDays(1));
    one.trust.refresh();
  }

  private static StorageConfig storage(String database) {
    String url = "jdbc:postgresql://localhost:" + server.getPort() + "/" + database;
    return new StorageConfig(folder, new StorageConfig.Server(url, "postgres", null));
  }

  @AfterAll
  static void stop() throws Exception {
    racers.shutdownNow();
    one.close();
    other.close();
    server.close();
  }

  private static EnrollmentOutcome enroll(
      DeskBench bench, TestPki.Credential idevid, KeyPair keys, CyclicBarrier barrier)
      throws Exception {
    barrier.await(20, TimeUnit.SECONDS);
    return bench.desk.enroll(DeskBench.caller(idevid.chain()), Label.NONE, DeskBench.csr(keys));
  }

  private static List<EnrollmentOutcome> race(
      TestPki.Credential idevid, KeyPair first, KeyPair second) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(2);
    Future<EnrollmentOutcome> here = racers.submit(() -> enroll(one, idevid, first, barrier));
    Future<EnrollmentOutcome> there = racers.submit(() -> enroll(other, idevid, second, barrier));
    return List.of(here.get(30, TimeUnit.SECONDS), there.get(30, TimeUnit.SECONDS));
  }

  @Test
  void enroll_oneDeviceWithTwoKeys_atBothAtOnce_givesOneCertificate() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      TestPki.Credential idevid =
          one.factory.issue("SERIALNUMBER=TWO-" + round).withoutUsages().build();
      List<EnrollmentOutcome> outcomes = race(idevid, TestPki.newKey(), TestPki.newKey());
      assertThat(outcomes.stream().filter(EnrollmentOutcome.Issued.class::isInstance))
          .as("round " + round + outcomes)
          .hasSize(1);
      assertThat(outcomes.stream().filter(EnrollmentOutcome.Deferred.class::isInstance))
          .hasSize(1);
      assertThat(one.live("acme-two-" + round)).hasSize(1);
    }
  }

  @Test
  void enroll_oneKey_atBothAtOnce_givesTheSameCertificate() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      TestPki.Credential idevid =
          other.factory.issue("SERIALNUMBER=ONE-" + round).withoutUsages().build();
      one.trust.refresh();
      KeyPair keys = TestPki.newKey();
      List<X509Certificate> issued = new ArrayList<>();
      race(idevid, keys, keys).forEach(outcome -> issued.add(DeskBench.issued(outcome)));
      assertThat(issued.get(0)).isEqualTo(issued.get(1));
      DeviceId device = new DeviceId("acme-one-" + round);
      List<CertificateRecord> kept =
          one.registry.read(tables -> tables.certificates().of(device));
      assertThat(kept).hasSize(1);
    }
  }

  /** The two that an operator of a larger fleet has both of. */
  @Test
  void keysInAToken_andThatRegistry_enrollRenewRevokeAndRollOver() throws Exception {
    SoftHsm hsm = SoftHsm.newToken(folder);
    CaConfig token = new CaConfig(
        SignatureScheme.ECDSA_P256, new Pkcs11Token(hsm.library(), hsm.label(), hsm.pinFile()));
    try (Connection connection = server.getPostgresDatabase().getConnection();
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE DATABASE token");
    }
    Duration day = Duration.ofDays(1);
    try (DeskBench bench =
        new DeskBench(folder.resolve("token"), storage("token"), day, day, token)) {
      RollOver rollOver = new RollOver(
          bench.registry,
          bench.authorities,
          bench.publisher,
          RollOverConfig.DEFAULT,
          day,
          id -> "http://localhost/crl/" + id + ".crl",
          bench.clock);
      rollOver.run();
      X509Certificate first = bench.enrolled("T-1");
      X509Certificate next = DeskBench.issued(bench.renew(first));
      bench.revocations.revoke(
          Actor.SYSTEM, DeskBench.serial(next), RevocationReason.KEY_COMPROMISE);
      assertThat(bench.listed()).contains(DeskBench.serial(first), DeskBench.serial(next));

      CertificateAuthorities there = CertificateAuthorities.open(folder.resolve("token/ca"), token);
      assertThat(rollOver.compromised("device", RevocationReason.KEY_COMPROMISE, Actor.SYSTEM))
          .isEqualTo("device-2");
      bench.enrolled("T-2").verify(bench.authorities.deviceCa().getPublicKey());
      // Who has the token open, too, finds the key that was made in it meanwhile.
      there.reread();
      assertThat(there.deviceIssuer().certificate()).isEqualTo(bench.authorities.deviceCa());
      CertificateAuthorities again = CertificateAuthorities.open(folder.resolve("token/ca"), token);
      assertThat(again.deviceCa()).isEqualTo(bench.authorities.deviceCa());
    }
  }
}
