/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.rollover.RollOver;
import dev.muster.enrollment.rollover.RollOverConfig;
import dev.muster.protocol.identity.RenewalWindow;
import dev.muster.testing.TestPki;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A year in the life of a fleet, six hours at a time, on a clock that is moved; the CA of its
 * devices and the root come to their ends in it.
 */
class CompressedYearTest {
  private static final int DEVICES = Integer.getInteger("year.devices", 1000);
  private static final Duration STEP = Duration.ofHours(6);
  private static final int STEPS_A_DAY = 4;
  private static final int STEPS = 365 * STEPS_A_DAY;
  private static final Duration VALIDITY = Duration.ofDays(30);

  /** So many, at the head of the list, have all habits; the others are as they should be. */
  private static final int MIXED = 15;

  /** So much is left of the issuing CAs when the year begins, and five years more of the root. */
  private static final Duration LEFT = Duration.ofDays(100);

  @TempDir
  Path folder;

  private ExecutorService fleet;
  private DeskBench bench;
  private RelyingParty everybody;
  private TestPki.Credential maker;

  /** When a device renews. */
  private enum Habit {
    PUNCTUAL(Duration.ZERO, Duration.ZERO),
    SLOW_CLOCK(Duration.ZERO, Duration.ofMinutes(-4)),
    FAST_CLOCK(Duration.ZERO, Duration.ofMinutes(4)),
    /** In the last days of its certificate. */
    LATE(Duration.ofDays(4), Duration.ZERO),
    /** Some days after its end. */
    TOO_LATE(Duration.ofDays(12), Duration.ZERO);

    private final Duration delay;
    private final Duration clockError;

    Habit(Duration delay, Duration clockError) {
      this.delay = delay;
      this.clockError = clockError;
    }

    static Habit of(int device) {
      return device < MIXED ? values()[device % values().length] : PUNCTUAL;
    }
  }

  private final class Device {
    private final TestPki.Credential idevid;
    private final Habit habit;
    private final SplittableRandom random;
    private X509Certificate certificate;
    private Instant due;
    private int renewals;

    Device(TestPki.Credential idevid, Habit habit, SplittableRandom random) {
      this.idevid = idevid;
      this.habit = habit;
      this.random = random;
      take(bench.enroll(idevid));
    }

    private void take(EnrollmentOutcome outcome) {
      certificate = DeskBench.issued(outcome);
      Instant begin = certificate.getNotBefore().toInstant();
      RenewalWindow window = new RenewalWindow(begin, certificate.getNotAfter().toInstant());
      due = window.at(random.nextDouble()).plus(habit.delay);
      assertThat(begin)
          .as("valid by the clock of a device that is %s", habit)
          .isBefore(bench.clock.instant().plus(habit.clockError));
    }

    boolean isDue(Instant now) {
      return !now.plus(habit.clockError).isBefore(due);
    }

    boolean isOverdue(Instant now) {
      return habit == Habit.TOO_LATE && now.isAfter(certificate.getNotAfter().toInstant());
    }

    Device renew() throws GeneralSecurityException {
      EnrollmentOutcome outcome = bench.renew(certificate);
      if (habit == Habit.TOO_LATE) {
        assertThat(outcome).isInstanceOf(EnrollmentOutcome.Refused.class);
        outcome = bench.enroll(idevid);
      }
      take(outcome);
      assertThat(everybody.flawOfNew(certificate)).isEmpty();
      renewals++;
      return this;
    }
  }

  @Test
  void thousandDevices_renewForAYear_throughTheEndsOfTheirCaAndRoot_andNoneIsEverWithout()
      throws Exception {
    Instant start = Instant.now();
    Instant birth = start.plus(LEFT).minus(CertificateAuthorities.ISSUING_VALIDITY);
    CertificateAuthorities.create(folder.resolve("ca"), Clock.fixed(birth, ZoneOffset.UTC));
    fleet = Executors.newFixedThreadPool(32);
    bench = new DeskBench(
        folder, new StorageConfig(folder.resolve("db")), VALIDITY, Duration.ofDays(4));
    maker = TestPki.selfSigned("CN=Maker for Years")
        .ca()
        .validity(start.minus(STEP), start.plus(Duration.ofDays(800)))
        .build();
    bench.addManufacturer("maker", maker.certificate());
    everybody = new RelyingParty(bench);
    liveForAYear(enrolled());
    assertThat(state("device")).isEqualTo(State.ENDED);
    assertThat(state("root")).isEqualTo(State.ENDED);
    assertThat(state("root-2")).isEqualTo(State.ACTIVE);
    assertThat(state("device-3")).isEqualTo(State.ACTIVE);
    assertThat(bench.live("maker-y" + MIXED, bench.clock.instant())).hasSizeBetween(1, 2);
  }

  @AfterEach
  void end() {
    fleet.shutdownNow();
    bench.close();
  }

  private List<Device> enrolled() throws Exception {
    SplittableRandom random = new SplittableRandom(17);
    Instant end = maker.certificate().getNotAfter().toInstant();
    return done(IntStream.range(0, DEVICES)
        .<Callable<Device>>mapToObj(i -> () -> new Device(
            maker
                .issue("SERIALNUMBER=Y" + i)
                .withoutUsages()
                .validity(maker.certificate().getNotBefore().toInstant(), end)
                .build(),
            Habit.of(i),
            split(random)))
        .toList());
  }

  private void liveForAYear(List<Device> devices) throws Exception {
    RollOver rollOver = new RollOver(
        bench.registry,
        bench.authorities,
        bench.publisher,
        RollOverConfig.DEFAULT,
        VALIDITY,
        authority -> "http://localhost/crl/" + authority + ".crl",
        bench.clock);
    for (int step = 0; step < STEPS; step++) {
      bench.clock.advance(STEP);
      rollOver.run();
      if (step % STEPS_A_DAY == 0) {
        bench.publisher.publishDue();
      }
      everybody.look();
      Instant now = bench.clock.instant();
      assertThat(devices.stream()
              .filter(device -> !device.isOverdue(now))
              .flatMap(device -> everybody.flaw(device.certificate).stream()))
          .as("step %s", step)
          .isEmpty();
      done(devices.stream()
          .filter(device -> device.isDue(now))
          .<Callable<Device>>map(device -> device::renew)
          .toList());
      if (step % STEPS_A_DAY == 0) {
        everybody.assertLeadsToEachRoot(devices.get(MIXED + step % (DEVICES - MIXED)).certificate);
      }
    }
    // 365 days at 20 to 25 days each.
    assertThat(devices)
        .filteredOn(device -> device.habit.delay.isZero())
        .allMatch(device -> device.renewals >= 14 && device.renewals <= 18);
    // At 32 to 37 days each.
    assertThat(devices)
        .filteredOn(device -> device.habit == Habit.TOO_LATE)
        .hasSize(3)
        .allMatch(device -> device.renewals >= 9 && device.renewals <= 11);
  }

  private State state(String authority) {
    AuthorityHistory history = bench.authorities.history();
    return history.find(authority).orElseThrow().state();
  }

  private static SplittableRandom split(SplittableRandom random) {
    synchronized (random) {
      return random.split();
    }
  }

  private <T> List<T> done(List<Callable<T>> works) throws Exception {
    List<T> results = new ArrayList<>();
    for (Future<T> work : fleet.invokeAll(works)) {
      results.add(work.get());
    }
    return results;
  }
}
