/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.bulk.BulkOrder;
import dev.muster.enrollment.bulk.BulkWork;
import dev.muster.enrollment.idevid.IdentityRule;
import dev.muster.enrollment.inventory.Admission;
import dev.muster.enrollment.inventory.BulkJob;
import dev.muster.enrollment.inventory.BulkResult;
import dev.muster.enrollment.inventory.BulkResult.State;
import dev.muster.enrollment.inventory.BulkSelection;
import dev.muster.enrollment.inventory.CrlMode;
import dev.muster.enrollment.inventory.DeviceFilter;
import dev.muster.enrollment.inventory.DeviceRecord;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.Identification;
import dev.muster.enrollment.inventory.ManufacturerPolicy;
import dev.muster.enrollment.inventory.NextKey;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.inventory.Within;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.h2.api.Trigger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkWorkTest {
  private static final Actor ADA = new Actor("operator:ada", "192.0.2.1");
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final BulkOrder TAGS =
      new BulkOrder.Tags(List.of(new Tag("site", "berlin")), List.of());

  @TempDir
  Path folder;

  private DeskBench bench;
  private final List<BulkWork> started = new ArrayList<>();

  @BeforeEach
  void open() {
    bench = new DeskBench(folder);
  }

  @AfterEach
  void close() {
    started.forEach(BulkWork::close);
    bench.close();
  }

  private BulkWork work(Runnable publish) {
    BulkWork work =
        new BulkWork(bench.registry, bench.departures, bench.revocations, publish, bench.clock);
    started.add(work);
    return work;
  }

  private String order(String id, BulkOrder order, String... devices) {
    return order(
        id,
        order,
        new BulkSelection.Named(List.of(devices).stream().map(DeviceId::new).toList()));
  }

  private String order(String id, BulkOrder order, BulkSelection selection) {
    return order(id, order, selection, Within.ALL);
  }

  private String order(String id, BulkOrder order, BulkSelection selection, Within within) {
    bench.registry.commit(tables -> tables
        .bulk()
        .insert(
            new BulkJob(
                id, order.work(), order.details().encode(), ADA, within, bench.clock.instant()),
            selection,
            1000));
    return id;
  }

  private Map<State, Long> counts(String job) {
    Map<State, Long> counts = new EnumMap<>(State.class);
    bench
        .registry
        .read(tables -> tables.bulk().find(job).orElseThrow().counts())
        .forEach((state, devices) -> {
          if (devices > 0) {
            counts.put(state, devices);
          }
        });
    return counts;
  }

  private List<BulkResult> ended(String job) {
    await()
        .atMost(LIMIT)
        .until(() ->
            bench.registry.read(tables -> tables.bulk().find(job).orElseThrow().endedAt() != null));
    return bench.registry.read(tables -> tables.bulk().results(job, null, "", 1000));
  }

  private List<String> audit(String device) {
    return bench.registry.read(tables -> tables.audit().about("device:" + device, 0, 100)).stream()
        .map(entry -> entry.text())
        .toList();
  }

  @Test
  void orders_areCarriedOutDeviceByDevice_andWrittenDown() {
    bench.enrolled("A");
    bench.enrolled("B");
    AtomicInteger published = new AtomicInteger();
    BulkWork work = work(published::incrementAndGet);
    BulkOrder tags = new BulkOrder.Tags(List.of(new Tag("site", "berlin")), List.of("old"));
    order("1", tags, "acme-a", "acme-b", "nobody");
    order("2", new BulkOrder.Groups(List.of(new GroupName("canary")), List.of()), "acme-a");
    order("3", new BulkOrder.Revoke(RevocationReason.SUPERSEDED), "acme-a");
    order("4", new BulkOrder.Retire(), "acme-b");
    order("5", new BulkOrder.Retire(), "acme-b");
    work.look();
    assertThat(ended("1"))
        .extracting(BulkResult::state)
        .containsExactly(State.DONE, State.DONE, State.REFUSED);
    assertThat(ended("2")).extracting(BulkResult::state).containsExactly(State.DONE);
    assertThat(ended("3").get(0).detail()).startsWith("revoked ");
    assertThat(ended("4").get(0).detail()).isEqualTo("certificates revoked: 1");
    assertThat(ended("5")).extracting(BulkResult::state).containsExactly(State.UNCHANGED);
    assertThat(published.get()).isPositive();
    assertThat(bench.live("acme-a")).isEmpty();
    assertThat(bench.live("acme-b")).isEmpty();
    assertThat(audit("acme-a"))
        .anyMatch(text -> text.contains("device.tagged")
            && text.contains("\"before\":")
            && text.contains("\"job\":\"1\""))
        .anyMatch(text -> text.contains("device.grouped") && text.contains("operator:ada"))
        .anyMatch(text -> text.contains("certificate.revoked") && text.contains("superseded"));
    assertThat(audit("acme-b"))
        .filteredOn(text -> text.contains("device.retired"))
        .hasSize(1);
  }

  @Test
  void revocation_takesWhatHasEnded_asItMayBeRenewedInTheGrace() {
    X509Certificate ended = bench.enrolled("A");
    bench.clock.advance(Duration.ofHours(25));
    order("1", new BulkOrder.Revoke(RevocationReason.KEY_COMPROMISE), "acme-a");
    work(() -> {}).look();
    assertThat(ended("1")).extracting(BulkResult::state).containsExactly(State.DONE);
    bench.save(bench
        .manufacturer("acme")
        .with(new ManufacturerPolicy(
            Admission.AUTO,
            null,
            IdentityRule.DEFAULT,
            false,
            Duration.ZERO,
            Duration.ofHours(2),
            false,
            CrlMode.CLOSED)));
    assertThat(bench.renew(ended))
        .isEqualTo(new EnrollmentOutcome.Refused(
            EnrollmentOutcome.Kind.FORBIDDEN, "certificate: revoked"));
  }

  /** In slices: what was done before something goes wrong stays, and nothing is done twice. */
  @Test
  void job_heldUp_goesOnAfterARestartWhereItWas() {
    bench.registry.commit(tables -> {
      IntStream.range(0, 120).forEach(i -> tables.devices().insert(device(i)));
      return true;
    });
    BulkWork first = work(() -> {
      throw new IllegalStateException("power cut");
    });
    order("1", new BulkOrder.Retire(), new BulkSelection.Matching(DeviceFilter.NONE));
    first.look();
    await().atMost(LIMIT).until(() -> first.problem().isPresent());
    assertThat(counts("1")).isEqualTo(Map.of(State.DONE, 50L, State.WAITING, 70L));
    first.close();

    BulkWork second = work(() -> {});
    second.look();
    ended("1");
    assertThat(counts("1")).isEqualTo(Map.of(State.DONE, 120L));
    assertThat(second.problem()).isEmpty();
    assertThat(audit("sn-0")).hasSize(1);
    assertThat(audit("sn-119")).hasSize(1);
  }

  /** As a row that was damaged, or written by a version that knew more. */
  @Test
  void device_thatCannotBeDone_holdsUpNobodyElse() throws SQLException {
    bench.enrolled("A");
    bench.enrolled("B");
    bench.enrolled("C");
    statement("INSERT INTO device_group (device, name) VALUES ('acme-b', 'no name!')");
    BulkWork work = work(() -> {});
    BulkOrder groups = new BulkOrder.Groups(List.of(new GroupName("canary")), List.of());
    order("1", groups, "acme-a", "acme-b", "acme-c");
    order("2", TAGS, "acme-b");
    work.look();

    assertThat(ended("1"))
        .extracting(BulkResult::state)
        .containsExactly(State.DONE, State.REFUSED, State.DONE);
    assertThat(ended("1").get(1).detail()).isEqualTo("failed: IllegalArgumentException");
    assertThat(ended("2")).extracting(BulkResult::state).containsExactly(State.DONE);
    await().atMost(LIMIT).untilAsserted(() -> assertThat(work.problem()).isEmpty());
  }

  @Test
  void device_thatWasGivenToAnotherFleetMeanwhile_isLeftAlone() {
    bench.enrolled("A");
    bench.enrolled("B");
    order(
        "1",
        new BulkOrder.Retire(),
        new BulkSelection.Named(List.of(new DeviceId("acme-a"), new DeviceId("acme-b"))),
        new Within(List.of(new FleetName("default"), new FleetName("north"))));
    bench.registry.commit(tables -> {
      tables.devices().transfer(new DeviceId("acme-a"), new FleetName("south"), NextKey.JUDGED);
      tables.devices().transfer(new DeviceId("acme-b"), new FleetName("north"), NextKey.JUDGED);
      return true;
    });
    work(() -> {}).look();

    assertThat(ended("1"))
        .containsExactly(
            new BulkResult(new DeviceId("acme-a"), State.REFUSED, "no such device"),
            new BulkResult(new DeviceId("acme-b"), State.DONE, "certificates revoked: 1"));
    assertThat(bench.live("acme-a")).hasSize(1);
    assertThat(audit("acme-a")).noneMatch(text -> text.contains("device.retired"));
  }

  /** Whatever the database says no to, and takes when it is asked again. */
  @Test
  void device_thatCannotBeDoneInPassing_isTriedAgain() throws SQLException {
    bench.enrolled("A");
    bench.enrolled("B");
    // Together with the other one, and alone.
    Refusing.from(2, "acme-b", () -> {});
    statement("CREATE TRIGGER refusing BEFORE INSERT ON device_tag FOR EACH ROW CALL '"
        + Refusing.class.getName() + "'");
    order("1", TAGS, "acme-a", "acme-b");
    work(() -> {}).look();

    assertThat(ended("1")).extracting(BulkResult::state).containsExactly(State.DONE, State.DONE);
    assertThat(Refusing.left.get()).isZero();
  }

  /** The first failure may be what tells the cause. */
  @Test
  void device_thatFailsInTwoWays_isToldWithBoth() throws SQLException {
    bench.enrolled("A");
    order("1", TAGS, "acme-a");
    Refusing.from(
        2,
        "acme-a",
        () -> statement("INSERT INTO device_tag (device, name, tag_value)"
            + " VALUES ('acme-a', 'no name!', 'x')"));
    statement("CREATE TRIGGER refusing BEFORE INSERT ON device_tag FOR EACH ROW CALL '"
        + Refusing.class.getName() + "'");
    work(() -> {}).look();

    assertThat(ended("1").get(0).detail())
        .isEqualTo("failed: SqlFailedException, then IllegalArgumentException");
  }

  /** A commit that fails may have happened all the same, or somebody has cancelled the job. */
  @Test
  void device_thatDoesNotWaitAnyMore_isNotLeftOut() throws SQLException {
    bench.enrolled("A");
    order("1", TAGS, "acme-a");
    Refusing.from(
        3,
        "acme-a",
        () -> statement("UPDATE bulk_device SET state = 'cancelled' WHERE device = 'acme-a'"));
    statement("CREATE TRIGGER refusing BEFORE INSERT ON device_tag FOR EACH ROW CALL '"
        + Refusing.class.getName() + "'");
    work(() -> {}).look();

    assertThat(ended("1")).extracting(BulkResult::state).containsExactly(State.CANCELLED);
    assertThat(counts("1").get(State.REFUSED)).isNull();
  }

  private void statement(String text) throws SQLException {
    String url = "jdbc:h2:file:" + folder.resolve("db").resolve("registry");
    try (Connection other = DriverManager.getConnection(url, "sa", "");
        Statement statement = other.createStatement()) {
      statement.execute(text);
    }
  }

  /** Refuses the tags of a device so often. */
  public static final class Refusing implements Trigger {
    private static final AtomicInteger left = new AtomicInteger();
    private static String device;
    private static Last last;

    interface Last {
      void run() throws SQLException;
    }

    /** @param atTheLast what happens meanwhile */
    static void from(int times, String device, Last atTheLast) {
      left.set(times);
      Refusing.device = device;
      last = atTheLast;
    }

    @Override
    public void fire(Connection connection, Object[] before, Object[] after) throws SQLException {
      if (after[0].equals(device) && left.get() > 0) {
        if (left.decrementAndGet() == 0) {
          last.run();
        }
        throw new SQLException("not now");
      }
    }
  }

  /** Tags of a fleet may take minutes, and what is revoked is not to wait for them. */
  @Test
  void jobsThatEndCertificates_areDoneBeforeThoseThatDoNot() {
    bench.enrolled("A");
    order("1", TAGS, "acme-a");
    order("2", new BulkOrder.Retire(), "acme-a");

    BulkJob next = bench.registry.read(tables -> tables.bulk().nextOpen().orElseThrow());
    assertThat(next.id()).isEqualTo("2");
  }

  private DeviceRecord device(int i) {
    return new DeviceRecord(
        new DeviceId("sn-" + i),
        new FleetName("default"),
        "acme",
        "SN" + i,
        null,
        DeviceStatus.ACTIVE,
        NextKey.JUDGED,
        bench.clock.instant(),
        bench.clock.instant(),
        0,
        Identification.IDEVID);
  }

  @Test
  void job_ofSomebodyWhoMayNotAnyMore_stops_andSaysSo() {
    order("1", new BulkOrder.Retire(), "sn-1", "sn-2");
    bench.registry.commit(tables -> {
      BulkWork.stop(tables, "operator:nobody", ADA, bench.clock.instant());
      return true;
    });
    assertThat(counts("1")).isEqualTo(Map.of(State.WAITING, 2L));
    bench.registry.commit(tables -> {
      BulkWork.stop(tables, ADA.name(), Actor.SYSTEM, bench.clock.instant());
      return true;
    });
    assertThat(counts("1")).isEqualTo(Map.of(State.CANCELLED, 2L));
    assertThat(bench.registry.read(tables -> tables.audit().page(0, 1000)).toString())
        .contains("bulk.cancelled", "may not any more");
  }
}
