/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEntry;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuedCertificate;
import dev.muster.enrollment.issuance.RevocationReason;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every registry keeps to, wherever its tables are. */
abstract class RegistryContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Fingerprint KEY = new Fingerprint("ab".repeat(32));
  private static final Within SOUTH_AND_NORTH =
      new Within(List.of(new FleetName("south"), new FleetName("north")));

  private final List<Registry> opened = new ArrayList<>();

  /** Opens the tables, once more where several may have them open, else those that are open. */
  abstract Registry open();

  final Registry registry() {
    Registry registry = open();
    if (!opened.contains(registry)) {
      opened.add(registry);
    }
    return registry;
  }

  @AfterEach
  void close() {
    opened.forEach(Registry::close);
  }

  private static Manufacturer maker(String name) {
    return new Manufacturer(name, Admission.AUTO, null, List.of());
  }

  private static AuditEvent event(String object) {
    return AuditEvent.of(Actor.SYSTEM, "test.done", object);
  }

  @Test
  void commit_whatOneWorkThrew_isHisAlone() throws Exception {
    Registry registry = registry();
    ExecutorService callers = Executors.newFixedThreadPool(16);
    List<Callable<String>> works = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      String name = "maker" + i;
      boolean fails = i % 3 == 0;
      works.add(() -> registry.commit(tables -> {
        tables.manufacturers().save(maker(name), NOW);
        tables.audit().append(event(name), NOW);
        if (fails) {
          throw new IllegalArgumentException(name);
        }
        return name;
      }));
    }
    List<Future<String>> results = callers.invokeAll(works);
    callers.shutdown();
    for (int i = 0; i < results.size(); i++) {
      Future<String> result = results.get(i);
      if (i % 3 == 0) {
        assertThatThrownBy(result::get).hasRootCauseMessage("maker" + i);
      } else {
        assertThat(result.get()).isEqualTo("maker" + i);
      }
      boolean kept = registry
          .read(tables -> tables.manufacturers().find("maker" + results.indexOf(result)))
          .isPresent();
      assertThat(kept).as("maker" + i).isEqualTo(i % 3 != 0);
    }
    assertChain(registry, 42);
  }

  @Test
  void question_askedAgainInOneCommit_knowsWhatWasWrittenInBetween() {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      for (int i = 1; i <= 3; i++) {
        Fingerprint key = new Fingerprint(String.format("%064x", i));
        DeviceRecord device = device("sn-" + i, key);
        assertThat(tables.certificates().rarities(key, key, null))
            .as("before %d", i)
            .isEqualTo(new Certificates.Rarities(false, false, false));
        tables.devices().insert(device);
        assertThat(tables.certificates().rarities(key, key, device.id()))
            .as("after %d", i)
            .isEqualTo(new Certificates.Rarities(true, false, false));
        tables.pending().insert(PendingEnrollment.waiting(device.id(), key, "new", NOW));
        assertThat(tables.certificates().rarities(key, key, device.id()))
            .as("with a key that waits, %d", i)
            .isEqualTo(new Certificates.Rarities(true, true, false));
        assertThat(tables.certificates().rarities(key, key, null).sharedFactoryKey())
            .as("to another device, %d", i)
            .isTrue();
        assertThat(tables.certificates().rarities(key, null, null).sharedFactoryKey())
            .as("to another device without an IDevID, %d", i)
            .isFalse();
        assertThat(tables.devices().holder(key, null)).contains(device.id());
        assertThat(tables.devices().holder(key, device.id())).isEmpty();
      }
      return true;
    });
  }

  @Test
  void commit_workThatEndsInAnError_isTold_andTheNextIsDone() {
    Registry registry = registry();
    assertThatThrownBy(() -> registry.commit(tables -> {
          tables.manufacturers().save(maker("acme"), NOW);
          throw new StackOverflowError("deep");
        }))
        .hasRootCauseInstanceOf(StackOverflowError.class);
    registry.commit(tables -> {
      assertThat(tables.manufacturers().find("acme")).isEmpty();
      return true;
    });
  }

  private static DeviceRecord device(String serial, Fingerprint key) {
    return new DeviceRecord(
        new DeviceId("acme-" + serial),
        new FleetName("default"),
        "acme",
        serial,
        key,
        DeviceStatus.ACTIVE,
        NextKey.JUDGED,
        NOW,
        NOW,
        0,
        Identification.IDEVID);
  }

  @Test
  void commit_statementThatFails_harmsNobodyElse() throws Exception {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.manufacturers().save(maker("taken"), NOW);
      return true;
    });
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Callable<Boolean>> works = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      String serial = "SN" + i / 2;
      // Every second one announces what is announced already.
      works.add(() -> registry.commit(tables -> {
        tables
            .manifests()
            .announce("taken", List.of(new ManifestEntry(serial, null, null, null)), NOW);
        return true;
      }));
    }
    long kept = 0;
    for (Future<Boolean> result : callers.invokeAll(works)) {
      kept += succeeded(result) ? 1 : 0;
    }
    callers.shutdown();
    assertThat(kept).isEqualTo(12);
  }

  private static boolean succeeded(Future<Boolean> result) throws InterruptedException {
    try {
      return result.get();
    } catch (ExecutionException e) {
      return false;
    }
  }

  @Test
  void commit_withinACommit_isADefect() {
    Registry registry = registry();
    assertThatThrownBy(() -> registry.commit(outer -> registry.commit(inner -> true)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("within a commit");
  }

  @Test
  void commit_afterClose_isRefused() {
    Registry registry = registry();
    registry.close();
    assertThatThrownBy(() -> registry.commit(tables -> true))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void facets_countTheDevicesThatAreMeant() {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      for (String name : List.of("a", "b", "c")) {
        tables.devices().insert(device(name, name.equals("c") ? "north" : "south"));
        tables.labels().tag(new DeviceId(name), new Tag("site", name.equals("a") ? "x" : "y z"));
      }
      tables.labels().join(new DeviceId("a"), new GroupName("canary"));
      tables.labels().join(new DeviceId("b"), new GroupName("canary"));
      return true;
    });
    DeviceFacets all = facets(registry, DeviceFilter.NONE);
    assertThat(all.fleets()).containsOnly(Map.entry("north", 1L), Map.entry("south", 2L));
    assertThat(all.tags())
        .containsExactly(
            new DeviceFacets.Count("site=y z", 2), new DeviceFacets.Count("site=x", 1));
    DeviceFilter some = new DeviceFilter(
        Optional.of(new FleetName("south")),
        Optional.of(DeviceStatus.ACTIVE),
        List.of(new Tag("site", "y z")),
        Optional.of(new GroupName("canary")),
        Optional.of("b"),
        Optional.of("acme"));
    assertThat(facets(registry, some))
        .isEqualTo(new DeviceFacets(
            1,
            Map.of("active", 1L),
            Map.of("south", 1L),
            Map.of("acme", 1L),
            List.of(new DeviceFacets.Count("site=y z", 1))));
  }

  /** In pages of whatever size, of few and of many; who lacks what is sorted by comes last. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1_100})
  void devices_areListedInOtherOrders_eachOnce(int others) {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      for (String name : List.of("a", "b", "c", "d", "e")) {
        tables.devices().insert(device(name, "south"));
        tables.labels().tag(new DeviceId(name), new Tag("site", "x"));
      }
      for (int i = 0; i < others; i++) {
        tables.devices().insert(device(String.format("b%04d", i), "south"));
        tables.devices().insert(device(String.format("n%04d", i), "north"));
      }
      tables
          .devices()
          .seen(Map.of(
              new DeviceId("e"), Optional.of(NOW.minusSeconds(9)),
              new DeviceId("c"), Optional.empty(),
              new DeviceId("b"), Optional.empty(),
              new DeviceId("d"), Optional.of(NOW.minusSeconds(5))));
      tables.certificates().insert(certificate(new DeviceId("d"), 1, NOW.plusSeconds(10)));
      tables.certificates().insert(certificate(new DeviceId("a"), 2, NOW.plusSeconds(99)));
      return true;
    });
    DeviceFilter all = new DeviceFilter(
        Optional.of(new FleetName("south")),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
    DeviceFilter tagged = new DeviceFilter(
        Optional.empty(),
        Optional.empty(),
        List.of(new Tag("site", "x")),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
    for (DeviceFilter filter : List.of(all, tagged)) {
      assertThat(sorted(registry, filter, "id")).containsExactly("a", "b", "c", "d", "e");
      assertThat(sorted(registry, filter, "-id")).containsExactly("e", "d", "c", "b", "a");
      assertThat(sorted(registry, filter, "seen")).containsExactly("e", "d", "b", "c", "a");
      assertThat(sorted(registry, filter, "-seen")).containsExactly("c", "b", "d", "e", "a");
      assertThat(sorted(registry, filter, "ends")).startsWith("d", "a").hasSize(5);
      assertThat(sorted(registry, filter, "-ends")).startsWith("a", "d").hasSize(5);
    }
  }

  /** The named ones, as pages of one and of many agree. */
  private static List<String> sorted(Registry registry, DeviceFilter filter, String by) {
    List<String> one = named(registry, filter, by, 1);
    assertThat(named(registry, filter, by, 500)).isEqualTo(one).doesNotHaveDuplicates();
    return one.stream().filter(id -> id.length() == 1).toList();
  }

  private static List<String> named(Registry registry, DeviceFilter filter, String by, int limit) {
    DeviceOrder order = DeviceOrder.parse(by);
    List<String> ids = new ArrayList<>();
    Optional<DeviceOrder.Place> after = Optional.empty();
    while (true) {
      Optional<DeviceOrder.Place> from = after;
      List<DeviceSummary> page =
          registry.read(tables -> tables.devices().list(filter, order, NOW, from, limit));
      page.forEach(device -> ids.add(device.device().id().value()));
      if (page.size() < limit) {
        return ids;
      }
      String next = order.place(page.get(limit - 1)).text();
      after = Optional.of(order.parsePlace(next));
    }
  }

  private static DeviceFacets facets(Registry registry, DeviceFilter filter) {
    return registry.read(tables -> tables.summaries().facets(filter, NOW, 10));
  }

  /** How many are so, decides along which index they are found: of few and of many the same. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1_100})
  void devices_areFoundByWhenTheyWereConnected_andWhenTheirCertificatesEnd(int others) {
    Registry registry = registry();
    Instant day = NOW.plus(Duration.ofDays(1));
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      Map<DeviceId, Optional<Instant>> seen = new HashMap<>();
      for (int i = 0; i < others; i++) {
        // Between the named ones, each of which is like them in something.
        DeviceId id = new DeviceId(String.format("b%04d", i));
        tables.devices().insert(device(id.value(), "crowd"));
        tables.certificates().insert(certificate(id, i, day));
        seen.put(id, Optional.empty());
      }
      for (String name : List.of("a-on", "c-hour", "d-week", "e-never")) {
        tables.devices().insert(device(name, "south"));
      }
      seen.put(new DeviceId("a-on"), Optional.empty());
      seen.put(new DeviceId("c-hour"), Optional.of(NOW.minus(Duration.ofMinutes(59))));
      seen.put(new DeviceId("d-week"), Optional.of(NOW.minus(Duration.ofDays(8))));
      seen.put(new DeviceId("nobody"), Optional.empty());
      tables.devices().seen(seen);
      tables.certificates().insert(certificate(new DeviceId("a-on"), 10_001, day));
      tables
          .certificates()
          .insert(certificate(new DeviceId("a-on"), 10_002, NOW.plus(Duration.ofDays(90))));
      tables
          .certificates()
          .insert(certificate(new DeviceId("d-week"), 10_003, NOW.minusSeconds(9)));
      return true;
    });
    assertThat(found(registry, new Timely(Optional.of(Connected.ONLINE), NO_SPAN, NO_SPAN)))
        .containsExactly("a-on");
    assertThat(found(registry, new Timely(Optional.of(Connected.OFFLINE), NO_SPAN, NO_SPAN)))
        .containsExactly("c-hour", "d-week");
    assertThat(found(registry, new Timely(Optional.of(Connected.NEVER), NO_SPAN, NO_SPAN)))
        .containsExactly("e-never");
    assertThat(found(registry, seen("<1h"))).containsExactly("a-on", "c-hour");
    assertThat(found(registry, seen("<59m"))).containsExactly("a-on");
    assertThat(found(registry, seen(">7d"))).containsExactly("d-week");
    assertThat(found(registry, seen(">30m", "<9d"))).containsExactly("c-hour", "d-week");
    assertThat(found(registry, ends("<30d"))).containsExactly("d-week");
    assertThat(found(registry, ends(">30d"))).containsExactly("a-on");
    assertThat(found(registry, new Timely(Optional.empty(), spans("<1h"), spans(">30d"))))
        .containsExactly("a-on");
    assertThat(found(registry, new Timely(Optional.empty(), spans(">7d"), spans(">30d"))))
        .isEmpty();
    assertThat(registry.<IdentitySummary.Ends>read(
            tables -> tables.summaries().ends(new Within(SOUTH), NOW)))
        .isEqualTo(new IdentitySummary.Ends(1, 0, 0, 1, 0, 1));

    assertThat(found(registry, OVERDUE)).containsExactly("d-week");

    // The newest live one counts, whatever became of the others.
    registry.commit(tables -> {
      tables.certificates().update(serial(10_002), CertificateStatus.HELD, HOLD, NOW);
      return true;
    });
    assertThat(found(registry, ends("<30d"))).containsExactly("a-on", "d-week");
    registry.commit(tables -> {
      tables.certificates().update(serial(10_002), CertificateStatus.ACTIVE, null, NOW);
      return true;
    });
    assertThat(found(registry, ends(">30d"))).containsExactly("a-on");
    registry.commit(tables -> {
      tables.certificates().revokeAllOf("device", RevocationReason.CA_COMPROMISE, NOW);
      tables.devices().seen(Map.of(new DeviceId("a-on"), Optional.of(NOW)));
      return true;
    });
    assertThat(found(registry, OVERDUE)).isEmpty();
    assertThat(found(registry, ends("<30d"))).isEmpty();
    assertThat(found(registry, new Timely(Optional.of(Connected.ONLINE), NO_SPAN, NO_SPAN)))
        .isEmpty();
    assertThat(found(registry, seen("<1s"))).containsExactly("a-on");
  }

  private static final Timely OVERDUE = new Timely(Optional.empty(), List.of(), List.of(), true);
  private static final List<FleetName> SOUTH = List.of(new FleetName("south"));
  private static final List<Span> NO_SPAN = List.of();
  private static final RevocationReason HOLD = RevocationReason.CERTIFICATE_HOLD;

  private static List<Span> spans(String... texts) {
    return Stream.of(texts).map(text -> Span.parse("a span", text)).toList();
  }

  private static Timely seen(String... texts) {
    return new Timely(Optional.empty(), spans(texts), List.of());
  }

  private static Timely ends(String... texts) {
    return new Timely(Optional.empty(), List.of(), spans(texts));
  }

  /** Of the fleet south, in pages of one, by whoever is limited to it; as all that tell agree. */
  private static List<String> found(Registry registry, Timely timely) {
    DeviceFilter filter = new DeviceFilter(
        Optional.empty(),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        timely,
        new Within(SOUTH));
    List<String> ids = new ArrayList<>();
    String after = "";
    while (true) {
      String from = after;
      List<DeviceSummary> page =
          registry.read(tables -> tables.devices().list(filter, NOW, from, 1));
      if (page.isEmpty()) {
        break;
      }
      after = page.get(0).device().id().value();
      ids.add(after);
    }
    assertThat(facets(registry, filter).devices()).isEqualTo(ids.size());
    BulkSelection selection = new BulkSelection.Matching(filter);
    assertThat(registry.<List<DeviceId>>read(tables -> tables.bulk().sample(selection, NOW, 10)))
        .extracting(DeviceId::value)
        .isEqualTo(ids);
    return ids;
  }

  private static String serial(int number) {
    return String.format("%032x", number);
  }

  private static CertificateRecord certificate(DeviceId device, int number, Instant end) {
    return CertificateRecord.issued(
        "device",
        "device",
        device,
        null,
        NOW,
        new IssuedCertificate(
            serial(number), new Fingerprint(String.format("%064x", number)), end, new byte[] {1}));
  }

  private static DeviceRecord device(String name, String fleet) {
    return new DeviceRecord(
        new DeviceId(name),
        new FleetName(fleet),
        "acme",
        name,
        null,
        DeviceStatus.ACTIVE,
        NextKey.JUDGED,
        NOW,
        NOW,
        0,
        Identification.IDEVID);
  }

  /** What somebody sees who is limited to fleets: in each list and count, and by each index. */
  @Test
  void lists_withinSomeFleets_tellOfNoOther() {
    Registry registry = registry();
    Within south = new Within(List.of(new FleetName("south"), new FleetName("east")));
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      for (String name : List.of("a", "b", "c")) {
        DeviceId id = new DeviceId(name);
        tables.devices().insert(device(name, name.equals("c") ? "north" : "south"));
        tables.labels().tag(id, new Tag("site", "x"));
        tables.labels().join(id, new GroupName("canary"));
        tables.alarms().raise("clone", id, "", NOW);
      }
      return true;
    });
    for (DeviceFilter filter : List.of(
        within(south, false, false, false),
        within(south, true, false, false),
        within(south, false, true, false),
        within(south, false, false, true))) {
      assertThat(registry.<List<DeviceSummary>>read(
              tables -> tables.devices().list(filter, NOW, "", 10)))
          .extracting(one -> one.device().id().value())
          .containsExactly("a", "b");
      assertThat(facets(registry, filter).devices()).isEqualTo(2);
      assertThat(facets(registry, filter).tags())
          .containsExactly(new DeviceFacets.Count("site=x", 2));
      assertThat(registry.<List<DeviceId>>read(
              tables -> tables.bulk().sample(new BulkSelection.Matching(filter), NOW, 10)))
          .hasSize(2);
    }
    DeviceFilter north = new DeviceFilter(
        Optional.of(new FleetName("north")),
        Optional.empty(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Timely.ANY,
        south);
    assertThat(
            registry.<List<DeviceSummary>>read(tables -> tables.devices().list(north, NOW, "", 10)))
        .isEmpty();
    registry.read(tables -> {
      assertThat(tables.summaries().identities(south).alarms()).isEqualTo(2);
      assertThat(tables.summaries().identities(south).devices().get(DeviceStatus.ACTIVE))
          .isEqualTo(2);
      assertThat(tables.summaries().ends(south, NOW).later()).isZero();
      assertThat(tables.alarms().newest(south, false, 10)).hasSize(2);
      assertThat(tables.pending().waiting(south, "", "", 10)).isEmpty();
      assertThat(tables.certificates().page(south, "", 10)).isEmpty();
      assertThat(tables.certificates().page(south, CertificateStatus.ACTIVE, "", 10))
          .isEmpty();
      assertThat(tables.certificates().ending(south, NOW, "", 10)).isEmpty();
      assertThat(tables.devices().areWithin(south, List.of("a", "b", "a"))).isTrue();
      assertThat(tables.devices().areWithin(south, List.of("a", "c"))).isFalse();
      assertThat(tables.devices().areWithin(south, List.of("nobody"))).isFalse();
      return true;
    });
  }

  @Test
  void decisions_areKept_newestFirst_andOutliveTheirKeys() {
    Registry registry = registry();
    DeviceId north = new DeviceId("n");
    DeviceId south = new DeviceId("s");
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      tables.devices().insert(device("n", "north"));
      tables.devices().insert(device("s", "south"));
      for (DeviceId id : List.of(north, south)) {
        tables.pending().insert(PendingEnrollment.waiting(id, KEY, "a second key", NOW));
      }
      tables.pending().decide(decided(north, PendingEnrollment.State.APPROVED, null));
      tables.pending().decide(decided(south, PendingEnrollment.State.REFUSED, "not ours"));
      tables.pending().delete(north, KEY);
      return true;
    });
    registry.read(tables -> {
      assertThat(tables.pending().find(south, KEY).orElseThrow().remark()).isEqualTo("not ours");
      List<EnrollmentDecided> all = decided(tables, Within.ALL, Optional.empty(), Long.MAX_VALUE);
      assertThat(all)
          .usingRecursiveFieldByFieldElementComparatorIgnoringFields("seq")
          .containsExactly(
              decided(south, PendingEnrollment.State.REFUSED, "not ours"),
              decided(north, PendingEnrollment.State.APPROVED, null));
      assertThat(decided(tables, Within.ALL, Optional.empty(), all.get(0).seq()))
          .containsExactly(all.get(1));
      assertThat(decided(
              tables, Within.ALL, Optional.of(PendingEnrollment.State.APPROVED), Long.MAX_VALUE))
          .containsExactly(all.get(1));
      assertThat(decided(
              tables,
              new Within(List.of(new FleetName("south"))),
              Optional.empty(),
              Long.MAX_VALUE))
          .containsExactly(all.get(0));
      return true;
    });
  }

  private static List<EnrollmentDecided> decided(
      Registry.Tables tables, Within within, Optional<PendingEnrollment.State> state, long before) {
    return tables.pending().decided(within, state, before, 10);
  }

  private static EnrollmentDecided decided(
      DeviceId device, PendingEnrollment.State state, @Nullable String remark) {
    return new EnrollmentDecided(
        0, device, KEY, state, "a second key", remark, "operator:ada", NOW);
  }

  private static DeviceFilter within(Within fleets, boolean status, boolean tag, boolean group) {
    return new DeviceFilter(
        Optional.empty(),
        status ? Optional.of(DeviceStatus.ACTIVE) : Optional.empty(),
        tag ? List.of(new Tag("site", "x")) : List.of(),
        group ? Optional.of(new GroupName("canary")) : Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Timely.ANY,
        fleets);
  }

  @Test
  void bulkJob_keepsWhoWasChosen_andWhatBecameOfEach() {
    Registry registry = registry();
    DeviceFilter south = new DeviceFilter(
        Optional.of(new FleetName("south")),
        Optional.empty(),
        List.of(new Tag("site", "x")),
        Optional.of(new GroupName("canary")),
        Optional.empty(),
        Optional.empty());
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      for (String name : List.of("a", "b", "c")) {
        tables.devices().insert(device(name, name.equals("c") ? "north" : "south"));
        tables.labels().tag(new DeviceId(name), new Tag("site", "x"));
        tables.labels().join(new DeviceId(name), new GroupName("canary"));
      }
      BulkSelection chosen = new BulkSelection.Matching(south);
      assertThat(tables.bulk().preview(chosen, NOW).statuses())
          .containsOnly(Map.entry(DeviceStatus.ACTIVE, 2L));
      assertThat(tables.bulk().sample(chosen, NOW, 1)).containsExactly(new DeviceId("a"));
      assertThat(tables.bulk().insert(job("1", Within.ALL), chosen, 9)).isEqualTo(2);
      BulkSelection named =
          new BulkSelection.Named(List.of(new DeviceId("z"), new DeviceId("c"), new DeviceId("c")));
      assertThat(tables.bulk().preview(named, NOW).devices()).isEqualTo(1);
      assertThat(tables.bulk().insert(job("2", SOUTH_AND_NORTH), named, 9)).isEqualTo(2);
      assertThat(tables.bulk().digest("1"))
          .isEqualTo(tables.bulk().digest(chosen, NOW, 9))
          .isNotEqualTo(tables.bulk().digest("2"));
      assertThat(tables.bulk().digest("2")).isEqualTo(tables.bulk().digest(named, NOW, 9));
      assertThat(tables.bulk().openOf(Actor.SYSTEM.name())).hasSize(2);
      assertThat(tables.bulk().openOf(Actor.SYSTEM.name() + "x")).isEmpty();
      return true;
    });
    registry.commit(tables -> {
      BulkJobs jobs = tables.bulk();
      assertThat(jobs.nextOpen()).map(BulkJob::id).hasValue("1");
      assertThat(jobs.waiting("1", 1)).containsExactly(new DeviceId("a"));
      jobs.record("1", List.of(new BulkResult(new DeviceId("a"), BulkResult.State.REFUSED, "no")));
      assertThat(jobs.waiting("1", 9)).containsExactly(new DeviceId("b"));
      assertThat(jobs.isWaiting("1", new DeviceId("a"))).isFalse();
      assertThat(jobs.isWaiting("1", new DeviceId("b"))).isTrue();
      jobs.cancel("1", NOW);
      jobs.end("2", NOW);
      return true;
    });
    registry.commit(tables -> {
      BulkJobs jobs = tables.bulk();
      assertThat(jobs.nextOpen()).isEmpty();
      BulkJob first = jobs.find("1").orElseThrow();
      assertThat(first.devices()).isEqualTo(2);
      assertThat(first.within()).isEqualTo(Within.ALL);
      assertThat(jobs.find("2")).map(BulkJob::within).hasValue(SOUTH_AND_NORTH);
      assertThat(first.counts())
          .containsEntry(BulkResult.State.REFUSED, 1L)
          .containsEntry(BulkResult.State.CANCELLED, 1L)
          .containsEntry(BulkResult.State.WAITING, 0L);
      assertThat(jobs.openOf(Actor.SYSTEM.name())).isEmpty();
      assertThat(jobs.results("1", null, "a", 9))
          .containsExactly(new BulkResult(new DeviceId("b"), BulkResult.State.CANCELLED, null));
      assertThat(jobs.results("1", BulkResult.State.REFUSED, "", 9)).hasSize(1);
      assertThat(jobs.page(null, "g", 9)).extracting(BulkJob::id).containsExactly("2", "1");
      assertThat(jobs.expire(NOW, 1)).isFalse();
      int slices = 0;
      while (jobs.expire(NOW.plusSeconds(1), 1)) {
        slices++;
      }
      // Two of two devices each, and one more of each that finds none.
      assertThat(slices).isEqualTo(6);
      assertThat(jobs.find("1")).isEmpty();
      return true;
    });
  }

  private static BulkJob job(String id, Within within) {
    return new BulkJob(id, "retire", "{}", Actor.SYSTEM, within, NOW);
  }

  @Test
  void views_areTheirOwners_eachByItsName() {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.views().put("operator:ada", new SavedView("mine", "/devices?q=x"));
      tables.views().put("operator:ada", new SavedView("mine", "/devices?q=y"));
      tables.views().put("operator:bob", new SavedView("his", "/telemetry"));
      return true;
    });
    assertThat(registry.<List<SavedView>>read(tables -> tables.views().of("operator:ada")))
        .containsExactly(new SavedView("mine", "/devices?q=y"));
    assertThat(registry.<Boolean>commit(tables -> tables.views().remove("operator:ada", "his")))
        .isFalse();
    registry.commit(tables -> {
      tables.views().removeAll("operator:ada");
      assertThat(tables.views().of("operator:ada")).isEmpty();
      assertThat(tables.views().of("operator:bob")).hasSize(1);
      return true;
    });
  }

  @Test
  void crls_giveWayToNewerOnes_andPlacesToTheirShard() {
    Registry registry = registry();
    registry.commit(tables -> {
      Crls crls = tables.crls();
      assertThat(crls.takePlaces("device", "http://a", 1, 2, NOW)).isEqualTo(1);
      Instant later = NOW.plusSeconds(5);
      assertThat(crls.takePlaces("device", "http://a", 1, 2, later)).isEqualTo(1);
      assertThat(crls.takePlaces("device", "http://a", 1, 2, later)).isEqualTo(2);
      assertThat(crls.lastTaken("device")).isEqualTo(Map.of(1, later, 2, later));
      for (int number : List.of(2, 3, 1)) {
        crls.replace("device", crl(number), new byte[] {(byte) number});
      }
      assertThat(crls.newest("device")).isEqualTo(Map.of(1, crl(3)));
      assertThat(crls.content("device", crl(3))).contains(new byte[] {3});
      crls.delete("device", 1);
      assertThat(crls.newest("device")).isEmpty();
      assertThat(crls.lastTaken("device")).isEqualTo(Map.of(2, later));
      return true;
    });
  }

  private static Crls.Issued crl(int number) {
    return new Crls.Issued(1, number, NOW, NOW.plusSeconds(60), 0, "", "http://a/1.crl");
  }

  @Test
  void takenBack_forgotten_isRememberedIfItHasNotEnded() {
    Registry registry = registry();
    registry.commit(tables -> {
      tables.manufacturers().save(maker("acme"), NOW);
      DeviceRecord device = device("sn-1", KEY);
      tables.devices().insert(device);
      for (int i = 1; i <= 3; i++) {
        tables.certificates().insert(certificate(device.id(), i, NOW.plus(Duration.ofDays(i))));
      }
      for (int i = 1; i <= 2; i++) {
        tables.certificates().update(serial(i), CertificateStatus.HELD, HOLD, NOW);
      }
      TakenBackCertificates takenBack = tables.takenBack();
      assertThat(takenBack.state("device", NOW))
          .isEqualTo(TakenBackCertificates.state(takenBack.of("device", NOW), NOW))
          .startsWith("2 to ");
      assertThat(takenBack.state("nobody", NOW)).isEqualTo("none");
      List<TakenBack> both = takenBack.of("device", NOW);
      assertThat(both).hasSize(2);
      takenBack.forget("device", NOW.plus(Duration.ofDays(9)));
      assertThat(takenBack.of("device", NOW)).isEmpty();
      Instant end = NOW.plus(Duration.ofHours(36));
      takenBack.remember("device", end);
      takenBack.remember("device", end);
      assertThat(takenBack.of("device", NOW))
          .isEqualTo(both.stream().filter(one -> !one.notAfter().isBefore(end)).toList())
          .hasSize(1);
      return true;
    });
  }

  @Test
  void audit_inAReadingTransaction_isADefect() {
    Registry registry = registry();
    assertThatThrownBy(() -> registry.read(tables -> {
          tables.audit().append(event("x"), NOW);
          return true;
        }))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void audit_ofTwoRegistries_isOneChain() throws Exception {
    Registry first = registry();
    Registry second = registry();
    ExecutorService callers = Executors.newFixedThreadPool(8);
    List<Callable<Boolean>> works = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Registry registry = i % 2 == 0 ? first : second;
      String object = "thing" + i;
      works.add(() -> registry.commit(tables -> {
        tables.audit().append(event(object), NOW);
        return true;
      }));
    }
    for (Future<Boolean> result : callers.invokeAll(works)) {
      assertThat(result.get(30, TimeUnit.SECONDS)).isTrue();
    }
    callers.shutdown();
    assertChain(first, 200);
  }

  private static void assertChain(Registry registry, int length) {
    List<AuditEntry> entries = registry.read(tables -> tables.audit().page(0, 1000));
    assertThat(entries.stream().mapToLong(AuditEntry::seq))
        .containsExactlyElementsOf(LongStream.rangeClosed(1, length).boxed().toList());
    String previous = "0".repeat(64);
    for (AuditEntry entry : entries) {
      assertThat(entry.text()).contains("\"previous\":\"" + previous + "\"");
      previous = entry.hash();
    }
  }
}
