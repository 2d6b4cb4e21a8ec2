/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.protocol.identity.DeviceId;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator takes back stays taken back, whatever the device asks for at that moment. */
class TakingBackRacesTest {
  private static final int ROUNDS = 40;

  @TempDir
  Path folder;

  private DeskBench bench;
  private final ExecutorService racers = Executors.newFixedThreadPool(2);

  @BeforeEach
  void open() {
    bench = new DeskBench(folder);
  }

  @AfterEach
  void close() {
    racers.shutdownNow();
    bench.close();
  }

  private <T> Future<T> start(CyclicBarrier barrier, Callable<T> work) {
    return racers.submit(() -> {
      barrier.await(20, TimeUnit.SECONDS);
      return work.call();
    });
  }

  @Test
  void retire_isNotUndoneByARenewalAtTheSameTime() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      DeviceId device = new DeviceId("acme-r" + round);
      X509Certificate presented = bench.enrolled("R" + round);
      CyclicBarrier barrier = new CyclicBarrier(2);
      Future<EnrollmentOutcome> renewal = start(barrier, () -> bench.renew(presented));
      start(barrier, () -> bench.departures.retire(device, Actor.SYSTEM)).get(20, TimeUnit.SECONDS);
      renewal.get(20, TimeUnit.SECONDS);
      assertThat(bench.live(device.value())).as("round " + round).isEmpty();
      DeviceStatus status = bench.registry.read(
          tables -> tables.devices().find(device).orElseThrow().status());
      assertThat(status).isEqualTo(DeviceStatus.RETIRED);
    }
  }

  @Test
  void revoke_knowsOfARenewalAtTheSameTime_orForbidsIt() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      X509Certificate presented = bench.enrolled("V" + round);
      CyclicBarrier barrier = new CyclicBarrier(2);
      Future<EnrollmentOutcome> renewal = start(barrier, () -> bench.renew(presented));
      Future<Revocations.Outcome> revocation = start(
          barrier,
          () -> bench.revocations.revoke(
              Actor.SYSTEM, DeskBench.serial(presented), RevocationReason.UNSPECIFIED));
      Revocations.Outcome.Published published =
          (Revocations.Outcome.Published) revocation.get(20, TimeUnit.SECONDS);
      renewal.get(20, TimeUnit.SECONDS);
      assertThat(published.stillLive())
          .as("round " + round)
          .containsExactlyElementsOf(bench.live("acme-v" + round));
    }
  }

  @Test
  void enrolled_changesNothing_whenTheDeviceIsShutOut() {
    DeviceId device = new DeviceId("acme-out");
    bench.enrolled("OUT");
    for (DeviceStatus status : List.of(DeviceStatus.RETIRED, DeviceStatus.REFUSED)) {
      bench.registry.commit(tables -> {
        tables.devices().update(device, status, NextKey.JUDGED);
        assertThat(tables.devices().enrolled(device, Instant.now())).isFalse();
        assertThat(tables.devices().find(device).orElseThrow().status()).isEqualTo(status);
        return device;
      });
    }
  }
}
