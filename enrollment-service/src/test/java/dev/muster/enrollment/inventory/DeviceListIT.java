/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.identity.FleetName;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A page of a list is quick in a large registry, whatever it is filtered by. */
class DeviceListIT {
  /** The figures that it prints are asked for at 100,000: {@code -Dscale=100000}. */
  private static final int DEVICES = Integer.getInteger("scale", 20_000);

  private static final int PENDING = 100;
  private static final int PAGES = 100;

  /** Of the time that a thread computes: many times what a page costs where an index serves it. */
  private static final Duration MOST = Duration.ofMillis(50);

  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  @TempDir
  static Path folder;

  private static Registry registry;

  /** Two certificates for each device; the lists never look into them. */
  @BeforeAll
  static void fill() throws SQLException {
    StorageConfig storage = new StorageConfig(folder.resolve("db"));
    Registry.open(storage).close();
    String url = "jdbc:h2:file:" + folder.resolve("db/registry");
    try (Connection connection = DriverManager.getConnection(url, "sa", "");
        Statement statement = connection.createStatement()) {
      statement.execute("INSERT INTO manufacturer (name, admission, created_at)"
          + " VALUES ('acme', 'auto', CURRENT_TIMESTAMP)");
      statement.execute("INSERT INTO device (id, fleet, manufacturer, serial, factory_key, status,"
          + " created_at) SELECT 'd' || LPAD(x, 6, '0'), CASE WHEN MOD(x, 10) = 0 THEN"
          + " 'north' ELSE 'south' END, 'acme', x, CAST(LPAD(x, 32, '0') AS BYTEA), CASE WHEN MOD(x, "
          + DEVICES / PENDING + ") = 0 THEN 'pending' ELSE 'active' END, CURRENT_TIMESTAMP"
          + " FROM SYSTEM_RANGE(1, " + DEVICES + ")");
      for (int n = 1; n <= 2; n++) {
        statement.execute("INSERT INTO certificate (serial, issuer, role, device,"
            + " public_key, not_after, renew_by, issued_at, status, certificate) SELECT '" + n
            + "' || x,"
            + " 'device', 'device', 'd' || LPAD(x, 6, '0'), CAST('" + n + "' || x AS BYTEA),"
            + " CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, DATEADD(DAY, " + n
            + ", CURRENT_TIMESTAMP), 'active',"
            + " CAST(SPACE(700) AS BYTEA) FROM SYSTEM_RANGE(1, " + DEVICES + ")");
      }
      statement.execute("INSERT INTO device_tag SELECT id, 'model', 'a' FROM device");
      statement.execute("INSERT INTO device_tag SELECT id, 'site', 'hall 3' FROM device"
          + " WHERE status = 'pending'");
      statement.execute(
          "INSERT INTO device_group SELECT id, 'canary' FROM device" + " WHERE status = 'pending'");
      // Every other one is connected; the others were, longer and longer ago, up to 50 days, or a
      // tenth of all never. Certificates end in up to 100 days, of who is not connected in 10.
      String number = "CAST(serial AS BIGINT)";
      statement.execute("UPDATE device SET seen_until = CASE WHEN MOD(" + number + ", 2) = 0"
          + " THEN TIMESTAMP WITH TIME ZONE '9999-12-31 00:00:00+00:00' WHEN MOD(" + number
          + ", 10) = 5 THEN NULL ELSE DATEADD(SECOND, -" + number + " * 4320000 / " + DEVICES
          + ", CURRENT_TIMESTAMP) END, certificate_ends = DATEADD(SECOND, " + number
          + " * CASE WHEN MOD(" + number + ", 2) = 0 THEN 8640000 ELSE 864000 END / " + DEVICES
          + ", CURRENT_TIMESTAMP), renew_by = DATEADD(SECOND, MOD(" + number
          + ", 100) - 20, CURRENT_TIMESTAMP)");
      // As the database does by itself after a while.
      statement.execute("ANALYZE");
    }
    registry = Registry.open(storage);
  }

  @AfterAll
  static void stop() {
    registry.close();
  }

  static List<Arguments> filters() {
    Tag common = new Tag("model", "a");
    Tag rare = new Tag("site", "hall 3");
    return List.of(
        Arguments.of("all", DeviceFilter.NONE, 100),
        Arguments.of("fleet", filter("north", null, null), 100),
        Arguments.of("status", filter(null, DeviceStatus.PENDING, null), 100),
        Arguments.of("a tag of all", filter(null, null, null, common), 100),
        Arguments.of("a tag of few", filter(null, null, null, rare), 100),
        Arguments.of("two tags", filter(null, null, null, rare, common), 100),
        Arguments.of("group", filter(null, null, "canary"), 100),
        Arguments.of(
            "everything", filter("north", DeviceStatus.PENDING, "canary", rare, common), 100),
        Arguments.of("fleet and status", filter("north", DeviceStatus.PENDING, null), 100),
        Arguments.of("nothing", filter("south", DeviceStatus.PENDING, "canary", common), 0),
        Arguments.of("seen<1h", timely("<1h", null), 100),
        Arguments.of("seen>7d", timely(">7d", null), 100),
        Arguments.of("seen>49d, which few are", timely(">49d", null), 100),
        Arguments.of("cert.expires<30d", timely(null, "<30d"), 100),
        Arguments.of("seen<1h cert.expires<30d", timely("<1h", "<30d"), 100),
        Arguments.of("seen<1h cert.expires<7d, which are at the front", timely("<1h", "<7d"), 100),
        Arguments.of("seen>7d cert.expires>30d, which none is", timely(">7d", ">30d"), 0),
        Arguments.of("is:never", is(Connected.NEVER), 100),
        Arguments.of("is:online", is(Connected.ONLINE), 100),
        Arguments.of(
            "fleet, status, tag, seen<1h, cert.expires<30d",
            new DeviceFilter(
                Optional.of(new FleetName("south")),
                Optional.of(DeviceStatus.ACTIVE),
                List.of(common),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                timely("<1h", "<30d").timely(),
                Within.ALL),
            100));
  }

  private static DeviceFilter timely(@Nullable String seen, @Nullable String ends) {
    return asked(new Timely(Optional.empty(), spans(seen), spans(ends)));
  }

  private static DeviceFilter is(Connected connected) {
    return asked(new Timely(Optional.of(connected), List.of(), List.of()));
  }

  private static DeviceFilter asked(Timely timely) {
    return new DeviceFilter(
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        timely,
        Within.ALL);
  }

  private static List<Span> spans(@Nullable String text) {
    return text == null ? List.of() : List.of(Span.parse("a span", text));
  }

  private static DeviceFilter filter(
      @Nullable String fleet, @Nullable DeviceStatus status, @Nullable String group, Tag... tags) {
    return new DeviceFilter(
        Optional.ofNullable(fleet).map(FleetName::new),
        Optional.ofNullable(status),
        List.of(tags),
        Optional.ofNullable(group).map(GroupName::new),
        Optional.empty(),
        Optional.empty());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("filters")
  void page_ofManyDevices_isComplete(String name, DeviceFilter filter, int size) {
    assertThat(page(filter, ""))
        .hasSize(size)
        .allSatisfy(row -> assertThat(row.newest().map(DeviceSummary.Newest::serial))
            .hasValueSatisfying(serial -> assertThat(serial).startsWith("2")));
    Duration p95 = p95(filter);
    System.out.println("page of 100 devices, filter " + name + ": p95 " + p95.toMillis() + " ms");
    assertThat(p95).isLessThanOrEqualTo(MOST);
  }

  @Test
  void page_byTheBeginningOfTheId_isThatOfThoseAlone() {
    DeviceFilter filter = new DeviceFilter(
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.of("d01999"),
        Optional.empty());
    assertThat(page(filter, "")).hasSize(10);
    System.out.println("devices by the beginning of the id: p95 " + p95(filter).toMillis() + " ms");
  }

  @Test
  void summary_ofManyDevices_countsEachOnce() {
    long begun = THREADS.getCurrentThreadCpuTime();
    IdentitySummary summary = registry.read(tables -> tables.summaries().identities(Within.ALL));
    long counted = THREADS.getCurrentThreadCpuTime();
    assertThat(summary.devices())
        .containsEntry(DeviceStatus.PENDING, (long) PENDING)
        .containsEntry(DeviceStatus.ACTIVE, (long) DEVICES - PENDING)
        .containsEntry(DeviceStatus.RETIRED, 0L);
    IdentitySummary.Ends before = ends(Duration.ofDays(-1));
    long ended = THREADS.getCurrentThreadCpuTime();
    assertThat(before.ended()).isZero();
    // Of one half those that end in ten days, of the other in a hundred.
    assertThat(before.within30()).isBetween(DEVICES / 4L, DEVICES / 2L);
    assertThat(ends(Duration.ofDays(101)).ended()).isEqualTo(DEVICES);
    System.out.println("summary: " + (counted - begun) / 1_000_000 + " ms, with ends "
        + (ended - counted) / 1_000_000 + " ms");
  }

  @Test
  void facets_ofManyDevices_countEachOnce() {
    long begun = THREADS.getCurrentThreadCpuTime();
    DeviceFacets all = facets(DeviceFilter.NONE);
    long counted = THREADS.getCurrentThreadCpuTime();
    assertThat(all.devices()).isEqualTo(DEVICES);
    assertThat(all.statuses())
        .containsOnly(
            Map.entry("pending", (long) PENDING), Map.entry("active", (long) DEVICES - PENDING));
    assertThat(all.tags())
        .containsExactly(
            new DeviceFacets.Count("model=a", DEVICES),
            new DeviceFacets.Count("site=hall 3", PENDING));
    DeviceFacets some = facets(filter(null, DeviceStatus.PENDING, "canary"));
    assertThat(some.devices()).isEqualTo(PENDING);
    assertThat(some.statuses()).containsOnlyKeys("pending");
    assertThat(some.tags()).extracting(DeviceFacets.Count::devices).containsOnly((long) PENDING);
    long again = THREADS.getCurrentThreadCpuTime();
    DeviceFacets timely = facets(timely("<1h", "<30d"));
    long last = THREADS.getCurrentThreadCpuTime();
    assertThat(timely.devices()).isBetween(DEVICES / 10L, DEVICES / 4L);
    BulkSelection selection = new BulkSelection.Matching(timely("<1h", "<30d"));
    assertThat(registry
            .<BulkJobs.Preview>read(tables -> tables.bulk().preview(selection, Instant.now()))
            .devices())
        .isEqualTo(timely.devices());
    long looked = THREADS.getCurrentThreadCpuTime();
    System.out.println("preview of a bulk job for these: " + (looked - last) / 1_000_000 + " ms");
    System.out.println("facets of all devices: " + (counted - begun) / 1_000_000
        + " ms, of seen<1h cert.expires<30d: " + (last - again) / 1_000_000 + " ms");
  }

  private static DeviceFacets facets(DeviceFilter filter) {
    return registry.read(tables -> tables.summaries().facets(filter, Instant.now(), 50));
  }

  private static IdentitySummary.Ends ends(Duration from) {
    return registry.read(
        tables -> tables.summaries().ends(Within.ALL, Instant.now().plus(from)));
  }

  /** Of the time that the thread computes: what else the machine does is not the registry's. */
  private static Duration p95(DeviceFilter filter) {
    Random random = new Random(1);
    long[] took = new long[PAGES];
    for (int i = 0; i < PAGES; i++) {
      String after = String.format("d%06d", random.nextInt(DEVICES));
      long begun = THREADS.getCurrentThreadCpuTime();
      page(filter, after);
      took[i] = THREADS.getCurrentThreadCpuTime() - begun;
    }
    Arrays.sort(took);
    return Duration.ofNanos(took[PAGES * 95 / 100]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-id", "seen", "-seen", "ends", "-ends"})
  void page_inAnotherOrder_isFull(String sort) {
    Map<String, DeviceFilter> filters = Map.of(
        "all", DeviceFilter.NONE,
        "fleet", filter("north", null, null),
        "status and group", filter(null, DeviceStatus.PENDING, "canary"),
        "seen<1h cert.expires<30d", timely("<1h", "<30d"),
        "renewal:overdue", asked(new Timely(Optional.empty(), List.of(), List.of(), true)));
    filters.forEach((name, filter) -> {
      Duration p95 = p95(filter, DeviceOrder.parse(sort));
      System.out.println("page of 100 devices by " + sort + ", filter " + name + ": p95 "
          + p95.toMillis() + " ms");
      assertThat(p95).as("by %s, filter %s", sort, name).isLessThanOrEqualTo(MOST);
    });
  }

  /** Page after page, and from the beginning again. */
  private static Duration p95(DeviceFilter filter, DeviceOrder order) {
    Optional<DeviceOrder.Place> after = Optional.empty();
    long[] took = new long[PAGES];
    int read = 0;
    for (int i = 0; i < PAGES; i++) {
      Optional<DeviceOrder.Place> from = after;
      long begun = THREADS.getCurrentThreadCpuTime();
      List<DeviceSummary> page =
          registry.read(tables -> tables.devices().list(filter, order, Instant.now(), from, 100));
      took[i] = THREADS.getCurrentThreadCpuTime() - begun;
      read += page.size();
      after = page.size() < 100 ? Optional.empty() : Optional.of(order.place(page.get(99)));
    }
    assertThat(read).isGreaterThanOrEqualTo(PAGES * 50);
    Arrays.sort(took);
    return Duration.ofNanos(took[PAGES * 95 / 100]);
  }

  private static List<DeviceSummary> page(DeviceFilter filter, String after) {
    return registry.read(tables -> tables.devices().list(filter, Instant.now(), after, 100));
  }
}
