/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.protocol.identity.RenewalWindow;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A year in the life of a fleet, six hours at a time, on a clock that is moved. */
class CompressedYearTest {
  private static final int DEVICES = Integer.getInteger("year.devices", 1000);
  private static final Duration STEP = Duration.ofHours(6);
  private static final int STEPS = 365 * 4;

  @TempDir
  Path folder;

  private static final class Device {
    private final SplittableRandom random;
    private X509Certificate certificate;
    private Instant due;
    private int renewals;

    Device(X509Certificate certificate, SplittableRandom random) {
      this.random = random;
      this.certificate = certificate;
      this.due = due();
    }

    private Instant due() {
      RenewalWindow window = new RenewalWindow(
          certificate.getNotBefore().toInstant(), certificate.getNotAfter().toInstant());
      return window.at(random.nextDouble());
    }

    Callable<Device> renewal(DeskBench bench) {
      return () -> {
        certificate = DeskBench.issued(bench.renew(certificate));
        due = due();
        renewals++;
        return this;
      };
    }
  }

  @Test
  void thousandDevices_renewForAYear_andNoneIsEverWithout() throws Exception {
    SplittableRandom random = new SplittableRandom(17);
    ExecutorService fleet = Executors.newFixedThreadPool(32);
    try (DeskBench bench =
        new DeskBench(folder, new StorageConfig(folder.resolve("db")), Duration.ofDays(30))) {
      List<Callable<Device>> enrollments = IntStream.range(0, DEVICES)
          .<Callable<Device>>mapToObj(i -> () -> new Device(bench.enrolled("Y" + i), split(random)))
          .toList();
      List<Device> devices = done(fleet, enrollments);
      for (int step = 0; step < STEPS; step++) {
        bench.clock.advance(STEP);
        Instant now = bench.clock.instant();
        assertThat(devices)
            .allMatch(device -> device.certificate.getNotAfter().toInstant().isAfter(now));
        done(
            fleet,
            devices.stream()
                .filter(device -> !now.isBefore(device.due))
                .map(device -> device.renewal(bench))
                .toList());
      }
      // 365 days at 20 to 25 days each.
      assertThat(devices).allMatch(device -> device.renewals >= 14 && device.renewals <= 18);
      assertThat(bench.live("acme-y0", bench.clock.instant())).hasSizeBetween(1, 2);
    } finally {
      fleet.shutdownNow();
    }
  }

  private static SplittableRandom split(SplittableRandom random) {
    synchronized (random) {
      return random.split();
    }
  }

  private static List<Device> done(ExecutorService fleet, List<Callable<Device>> works)
      throws Exception {
    List<Device> results = new ArrayList<>();
    for (Future<Device> work : fleet.invokeAll(works)) {
      results.add(work.get());
    }
    return results;
  }
}
