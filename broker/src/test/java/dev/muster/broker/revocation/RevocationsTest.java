/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.DefaultPolicy;
import dev.muster.broker.authz.ClientSubject;
import dev.muster.broker.authz.PolicyFile;
import dev.muster.broker.revocation.SessionCheck.Verdict;
import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.SessionAlarm;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.trust.IssuingAuthorities;
import dev.muster.testing.MovableClock;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RevocationsTest {
  private static final Credential CA =
      TestPki.root("CN=Root").issue("CN=Device CA").ca().build();
  private static final PolicyFile POLICY = PolicyFile.parse("default", DefaultPolicy.yaml());
  private static final Duration LIFE = Duration.ofMinutes(10);
  private static final Duration GRACE = Duration.ofHours(1);

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.running();
  private final RevocationView view =
      new RevocationView(IssuingAuthorities.of(Map.of("device", CA.certificate())), GRACE, clock);
  private final SessionCheck check = new SessionCheck(view, clock);
  private final Sessions sessions = new Sessions();
  private final List<Disconnector.Reason> told = new CopyOnWriteArrayList<>();
  private final List<SessionAlarm> alarms = new CopyOnWriteArrayList<>();
  private volatile Disconnector disconnector = this::end;
  private Revocations revocations;

  @BeforeEach
  void make() {
    revocations = new Revocations(
        view,
        sessions,
        (session, reason, detail) -> disconnector.disconnect(session, reason, detail),
        new Revocations.Sources(null, Duration.ofHours(1), folder),
        alarms::add,
        clock);
    push(1);
  }

  @AfterEach
  void close() {
    revocations.close();
  }

  private Revocations.Applied push(long number, ClientSession... revoked) {
    return revocations
        .push("device", crl(number, revoked))
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  private static byte[] crl(long number, ClientSession... revoked) {
    List<BigInteger> serials =
        List.of(revoked).stream().map(one -> one.credential().serial()).toList();
    return TestPki.crl(CA, number, LIFE, serials);
  }

  private ClientSession session(long serial) {
    ClientSubject subject = new ClientSubject("device", "d" + serial, "f1", "device");
    ClientSession session = sessions.open(
        new ClientSession.Credential(
            subject, "device", BigInteger.valueOf(serial), Instant.now().plusSeconds(86_400)),
        new ClientSession.Connection(
            "d" + serial, "10.0.0.1", true, 60, new ClientSession.Tls("", ""), Instant.now()),
        ((PolicyFile.Admission.Admitted) POLICY.admit(subject, "d" + serial)).policy());
    sessions.markLive(session);
    return session;
  }

  private CompletableFuture<Void> end(
      ClientSession session, Disconnector.Reason reason, String detail) {
    told.add(reason);
    sessions.close(session);
    return CompletableFuture.completedFuture(null);
  }

  @Test
  void session_isJudgedAnewAtEachEpoch_andByTheClock() {
    ClientSession session = session(7);
    ClientSession other = session(8);
    assertThat(check.check(session)).isEqualTo(Verdict.GOOD);
    assertThat(check.check(session)).isEqualTo(Verdict.GOOD);
    disconnector = (one, reason, detail) -> CompletableFuture.completedFuture(null);
    push(2, session);
    assertThat(check.check(session)).isEqualTo(Verdict.REVOKED);
    assertThat(check.check(session)).as("asked again").isEqualTo(Verdict.REVOKED);
    assertThat(check.check(other)).isEqualTo(Verdict.GOOD);
    clock.advance(Duration.ofDays(2));
    assertThat(check.check(other)).isEqualTo(Verdict.EXPIRED);
  }

  @Test
  void crl_pastItsNextUpdate_isGoodForItsGrace_andNoLonger() {
    ClientSession session = session(7);
    clock.advance(LIFE.plusMinutes(30));
    assertThat(check.check(session)).isEqualTo(Verdict.GOOD);
    assertThat(view.problem().orElseThrow()).contains("CRL of the device CA is overdue since");
    assertThat(view.outdated()).isEmpty();
    clock.advance(Duration.ofMinutes(30).plusSeconds(1));
    assertThat(check.check(session)).isEqualTo(Verdict.UNKNOWN);
    assertThat(view.problem().orElseThrow()).contains("CRL of the device CA is too old");
    assertThat(view.outdated()).containsExactly("device");
  }

  @Test
  void staleCrl_endsAllSessions_andRaisesOneAlarm_untilANewerOneIsThere() throws Exception {
    ClientSession session = session(7);
    revocations.start(Optional::empty);
    clock.advance(LIFE.plus(GRACE).plusSeconds(1));
    await().atMost(Duration.ofSeconds(60)).until(() -> !alarms.isEmpty());
    assertThat(session.isClosed()).isTrue();
    assertThat(told).as("it may come back").containsExactly(Disconnector.Reason.SERVER_BUSY);
    assertThat(alarms.get(0).kind()).isEqualTo(SessionAlarm.Kind.STALE_CRL);
    assertThat(alarms.get(0).detail()).contains("the CRL of the device CA is too old");
    ClientSession next = session(8);
    await().atMost(Duration.ofSeconds(60)).until(next::isClosed);
    Files.write(folder.resolve("device.crl"), fresh());
    await().atMost(Duration.ofSeconds(60)).until(() -> view.outdated().isEmpty());
    assertThat(check.check(session(9))).isEqualTo(Verdict.GOOD);
    assertThat(alarms).hasSize(1);
  }

  /** As the clock stands now, not as that of the machine. */
  private byte[] fresh() {
    Duration ahead = Duration.between(Instant.now(), clock.instant());
    return TestPki.crl(CA, 2, LIFE.plus(ahead), List.of());
  }

  @Test
  void revocation_tellsWhatItCut_andWhatItCouldNot() {
    ClientSession good = session(7);
    ClientSession bad = session(8);
    ClientSession stuck = session(9);
    disconnector = (one, reason, detail) ->
        one == stuck ? new CompletableFuture<>() : end(one, reason, detail);
    Revocations.Applied applied = push(2, bad, stuck);
    assertThat(applied.cut()).isEqualTo(1);
    assertThat(applied.remaining()).isEqualTo(1);
    assertThat(good.isClosed()).isFalse();
    assertThat(told).containsExactly(Disconnector.Reason.NOT_AUTHORIZED);
  }

  @Test
  void revocation_countsWhomItsOwnMessageHasEnded() {
    ClientSession sender = session(7);
    ClientSession bystander = session(8);
    disconnector = (one, reason, detail) -> {
      // Its next message comes before its turn.
      sessions.close(sender);
      return one == sender ? CompletableFuture.completedFuture(null) : end(one, reason, detail);
    };
    assertThat(push(2, sender, bystander).cut()).isEqualTo(2);
  }

  /** Its socket is closed when it has read that, and not before. */
  @Test
  void whoDoesNotReadThatHeIsCut_remains_untilHisConnectionIsClosed() {
    ClientSession deaf = session(8);
    CompletableFuture<Void> closed = new CompletableFuture<>();
    disconnector = (one, reason, detail) -> {
      one.markClosing(closed);
      sessions.close(one);
      return closed;
    };
    Revocations.Applied applied = push(2, deaf);
    assertThat(applied.cut()).isZero();
    assertThat(applied.remaining()).isEqualTo(1);
    assertThat(push(3, deaf).remaining()).as("still").isEqualTo(1);
    closed.complete(null);
    assertThat(push(4, deaf).remaining()).isZero();
  }

  @Test
  void errorOfTheJvm_isAnAnswer_andNotTheEnd() {
    ClientSession bad = session(8);
    disconnector = (one, reason, detail) -> {
      throw new OutOfMemoryError("for a test");
    };
    assertThatThrownBy(() -> push(2, bad)).hasRootCauseInstanceOf(OutOfMemoryError.class);
    disconnector = this::end;
    assertThat(push(3, bad).cut()).isEqualTo(1);
  }

  private Revocations fetching(CrlServer server, Duration refresh) {
    return new Revocations(
        view,
        sessions,
        this::end,
        new Revocations.Sources(server.uri(), refresh, folder),
        alarms::add,
        clock,
        new CrlDownload(Duration.ofMinutes(5), 1_000_000),
        Duration.ofMillis(100));
  }

  private static void awaitStalled(CrlServer server) {
    await().atMost(Duration.ofSeconds(60)).until(() -> server.stalled() == 1);
  }

  /** Whoever stands between could else keep all lists away by a few bytes of one. */
  @Test
  void serverThatStallsInTheMidstOfACrl_keepsNoOtherOneAway() throws Exception {
    try (CrlServer server = new CrlServer();
        Revocations fetching = fetching(server, Duration.ofHours(1))) {
      fetching.start(Optional::empty);
      server.stalls();
      ClientSession bad = session(7);
      ClientSession brief = session(8);
      CompletableFuture<Revocations.Applied> fetched = fetching.fetch("device", BigInteger.TEN);
      awaitStalled(server);

      Revocations.Applied pushed = fetching.push("device", crl(3, bad)).get(60, TimeUnit.SECONDS);
      assertThat(pushed.cut()).isEqualTo(1);
      assertThat(fetched).as("begun before, and not done").isNotDone();
      assertThat(
              fetching.fetch("device", BigInteger.TWO).get(60, TimeUnit.SECONDS).crlNumber())
          .as("of one that is not newer, nothing is fetched")
          .isEqualTo(3);
      clock.advance(Duration.ofDays(2));
      await().atMost(Duration.ofSeconds(60)).until(brief::isClosed);

      server.goesOn();
      assertThatThrownBy(() -> fetched.get(60, TimeUnit.SECONDS))
          .hasRootCauseInstanceOf(IOException.class)
          .hasMessageContaining("CRL 10 not fetched from " + server.uri("device"));
    }
  }

  @Test
  void crlThatIsPushedWhileItIsFetched_isNotMissed() throws Exception {
    try (CrlServer server = new CrlServer();
        Revocations fetching = fetching(server, Duration.ofHours(1))) {
      server.stalls();
      CompletableFuture<Revocations.Applied> fetched = fetching.fetch("device", BigInteger.TEN);
      awaitStalled(server);
      fetching.push("device", crl(11)).get(60, TimeUnit.SECONDS);
      server.goesOn();
      assertThat(fetched.get(60, TimeUnit.SECONDS).crlNumber()).isEqualTo(11);
    }
  }

  @Test
  void refreshThatStalls_keepsNoPushedListAway_andTheNextIsTaken() throws Exception {
    try (CrlServer server = new CrlServer();
        Revocations fetching = fetching(server, Duration.ofSeconds(1))) {
      server.stalls();
      fetching.start(Optional::empty);
      awaitStalled(server);
      ClientSession bad = session(7);
      fetching.push("device", crl(3, bad)).get(60, TimeUnit.SECONDS);
      assertThat(bad.isClosed()).isTrue();
      server.gives(crl(5, bad));
      server.goesOn();
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> view.number("device").orElseThrow().intValue() == 5);
    }
  }

  /** The download itself would go on for minutes. */
  @Test
  void serverThatStallsAtTheStart_doesNotHoldItUp() throws Exception {
    try (CrlServer server = new CrlServer();
        Revocations starting = fetching(server, Duration.ofHours(1))) {
      server.stalls();
      CompletableFuture.runAsync(starting::load).get(60, TimeUnit.SECONDS);
      assertThat(view.isKnown("device")).as("from the disk, or pushed").isTrue();
    }
  }
}
