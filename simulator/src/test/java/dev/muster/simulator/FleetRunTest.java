/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.muster.simulator.client.DeviceLink;
import dev.muster.simulator.scenario.Expectations;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.scenario.Scenario;
import dev.muster.simulator.server.LocalServer;
import dev.muster.simulator.server.ServerAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FleetRunTest {
  private final SimulatedBackend backend = new SimulatedBackend();
  private final LossLedger ledger = new LossLedger();
  private final List<Progress> progress = new ArrayList<>();

  @Test
  void run_healthyBackend_acknowledgesEverything() {
    RunReport report = run(Plans.plan(10, 2, seconds(12), seconds(2), 1));

    assertThat(report.completed()).isTrue();
    assertThat(report.duration()).isEqualTo(seconds(12));
    assertThat(report.devices()).isEqualTo(10);
    assertThat(report.enrolled()).isEqualTo(10);
    assertThat(report.connected()).isEqualTo(10);
    // 10 devices, twice a second, for 12 s less the mean start of 0.9 s + 0.1 s.
    assertThat(report.sent()).isBetween(210L, 230L);
    assertThat(report.acknowledged()).isEqualTo(report.sent());
    assertThat(report.failed()).isZero();
    assertThat(report.deviceFailures()).isEmpty();
    assertThat(report.messageFailures()).isEmpty();
    assertThat(requireNonNull(report.latency()).p50Ms()).isCloseTo(5, within(0.1));
    assertThat(report.latency().maxMs()).isCloseTo(5, within(0.1));
    assertThat(ledger.size()).isEqualTo(report.acknowledged());
    assertThat(backend.links).hasSize(10).allMatch(link -> link.closed);
  }

  @Test
  void run_progress_growsAndEndsOnce() {
    RunReport report = run(Plans.plan(10, 2, seconds(12), seconds(2), 1));

    assertThat(progress).isSortedAccordingTo((a, b) -> Long.compare(a.sent(), b.sent()));
    assertThat(progress).hasSizeBetween(55, 65);
    assertThat(progress.get(0).phase()).isEqualTo(Progress.Phase.RUNNING);
    assertThat(progress).filteredOn(p -> p.phase() == Progress.Phase.ENDED).hasSize(1);
    Progress last = progress.get(progress.size() - 1);
    assertThat(last.phase()).isEqualTo(Progress.Phase.ENDED);
    assertThat(last.acknowledged()).isEqualTo(report.acknowledged());
    assertThat(last.planned()).isEqualTo(seconds(12));
  }

  @Test
  void run_sameSeed_sendsTheSame() {
    run(Plans.plan(5, 3, seconds(10), seconds(1), 42));
    SimulatedBackend again = new SimulatedBackend();
    run(again, Plans.plan(5, 3, seconds(10), seconds(1), 42));
    assertThat(again.sent).hasSizeGreaterThan(100).isEqualTo(backend.sent);

    SimulatedBackend other = new SimulatedBackend();
    run(other, Plans.plan(5, 3, seconds(10), seconds(1), 43));
    assertThat(other.sent).isNotEqualTo(backend.sent);
  }

  @Test
  void run_stalledBackend_keepsSendingAndCountsTheWait() {
    backend.stallFrom = seconds(5);
    backend.stallTo = seconds(8);
    RunReport report = run(Plans.plan(10, 10, seconds(20), seconds(0), 1));

    // Open loop: as many messages as without the stall.
    assertThat(report.sent()).isBetween(1980L, 2000L);
    assertThat(report.acknowledged()).isEqualTo(report.sent());
    assertThat(requireNonNull(report.latency()).maxMs()).isCloseTo(3005, within(110.0));
    // 3 of 20 s wait, evenly from 3 s down to nothing: the slowest tenth begins at 1 s.
    assertThat(report.latency().p90Ms()).isCloseTo(1000, within(150.0));
    assertThat(report.latency().p50Ms()).isCloseTo(5, within(0.1));
  }

  @Test
  void run_senderHeldUp_countsFromWhenMessagesWereDue() {
    backend.sendTakes = seconds(2);
    RunReport report = run(Plans.plan(1, 10, seconds(10), seconds(0), 1));

    assertThat(report.sent()).isBetween(98L, 100L);
    // The held-up message itself, and those that were due meanwhile: 20 of 100 waited.
    assertThat(requireNonNull(report.latency()).maxMs()).isCloseTo(2005, within(10.0));
    assertThat(report.latency().p90Ms()).isCloseTo(1000, within(150.0));
  }

  @Test
  void run_refusedMessages_areCountedByReason() {
    backend.refused = 2;
    RunReport report = run(Plans.plan(4, 2, seconds(5), seconds(0), 1));
    assertThat(report.messageFailures())
        .containsOnly(Map.entry("the broker refused the message", 4L));
    assertThat(report.failed()).isEqualTo(4);
    assertThat(ledger.size()).isEqualTo(report.acknowledged()).isEqualTo(report.sent() - 4);
  }

  @Test
  void run_silentBackend_isGivenUpAndCounted() {
    backend.answers = false;
    RunReport report = run(Plans.plan(4, 2, seconds(5), seconds(0), 1));
    assertThat(report.acknowledged()).isZero();
    assertThat(report.latency()).isNull();
    assertThat(report.messageFailures())
        .containsOnly(Map.entry(FleetRun.UNACKNOWLEDGED, report.sent()));
    assertThat(backend.timeline.elapsed()).isEqualTo(seconds(5).plus(FleetRun.DRAIN_LIMIT));
  }

  @Test
  void run_messagesUnderWayAtTheEnd_areUnanswered_evenIfTheirLinksNeverSaySo() {
    backend.stallFrom = seconds(6);
    backend.stallTo = Duration.ofHours(1);
    RunReport report =
        run(Plans.scenario(4, 2, 1, new Phase.Ramp(seconds(1)), steady(4), steady(9)));
    RunReport.PhaseReport last = report.phases().get(2);
    assertThat(last.unanswered()).isPositive().isEqualTo(last.sent() - last.acknowledged());
    assertThat(last.untouched()).isEqualTo(last.sent());
  }

  @Test
  void run_deviceThatUsesANumberTwice_isBroken() {
    backend.repeatsNumbers = true;
    RunReport report = run(Plans.plan(2, 1, seconds(5), seconds(0), 1));
    assertThat(report.broken())
        .containsOnly(Map.entry(
            "numbered as another message, which was acknowledged", report.acknowledged() - 2));
  }

  @Test
  void run_devicesThatAreRefused_doNotKeepOthersFromStarting() {
    backend.comesOnline = serial -> Integer.parseInt(serial.substring(4)) > 20;
    RunReport report = run(Plans.plan(40, 1, seconds(60), seconds(0), 1));
    assertThat(report.enrolled()).isEqualTo(20);
    assertThat(report.deviceFailures())
        .containsOnly(Map.entry("not enrolled: the registrar does not know the manufacturer", 20L));
  }

  @Test
  void run_manyDevicesAtOnce_enrollFewAtATime() {
    RunReport report = run(Plans.plan(100, 1, seconds(10), seconds(0), 1));
    assertThat(report.connected()).isEqualTo(100);
    assertThat(backend.startingAtMost).isEqualTo(FleetRun.STARTS_AT_ONCE);
  }

  @Test
  void ramp_lightDevices_comeWhenTheyAreToHoweverLongAStartTakes() {
    backend.blocks = false;
    backend.enrollmentTime = seconds(30);
    RunReport report = run(Plans.scenario(100, 1, 1, new Phase.Ramp(seconds(10)), steady(40)));
    assertThat(backend.startingAtMost).as("all came in the first ten seconds").isEqualTo(100);
    assertThat(report.connected()).isEqualTo(100);
    assertThat(report.samples().get(39).online()).as("30 s after the last").isEqualTo(100);
    assertThat(report.samples().get(34).online()).as("evenly").isBetween(45, 55);
  }

  @Test
  void run_identityThatCannotBeMade_isCountedByReason() {
    FleetPlan plan = Plans.plan(3, 1, seconds(5), seconds(0), 1);
    DeviceLink.Factory links = (serial, listener) -> {
      if (serial.equals("sim-0002")) {
        throw new IllegalStateException("no space left on device");
      }
      return backend.open(serial, listener);
    };
    RunReport report = run(backend, plan, links);
    assertThat(report.enrolled()).isEqualTo(2);
    assertThat(report.deviceFailures())
        .containsOnly(Map.entry("not enrolled: no space left on device", 1L));
  }

  @Test
  void stop_whileRunning_endsSoonWithWhatWasDone() {
    backend.answerTime = Duration.ofMillis(500);
    FleetRun run = fleetRun(backend, Plans.plan(10, 10, seconds(60), seconds(0), 1), backend);
    CompletableFuture<RunReport> report = run.start();
    backend.timeline.after(seconds(3), () -> {
      run.stop();
      run.stop();
    });
    backend.timeline.runUntil(report::isDone);

    assertThat(backend.timeline.elapsed()).isLessThan(seconds(5));
    assertThat(report.join().completed()).isFalse();
    assertThat(report.join().duration()).isEqualTo(seconds(3));
    assertThat(report.join().acknowledged())
        .isPositive()
        .isEqualTo(report.join().sent());
    assertThat(backend.links).hasSize(10).allMatch(link -> link.closed);
  }

  @Test
  void stop_whileDraining_shortensTheWait() {
    backend.answers = false;
    FleetRun run = fleetRun(backend, Plans.plan(1, 10, seconds(3), seconds(0), 1), backend);
    CompletableFuture<RunReport> report = run.start();
    backend.timeline.after(seconds(4), run::stop);
    backend.timeline.runUntil(report::isDone);
    assertThat(backend.timeline.elapsed()).isEqualTo(seconds(5));
    assertThat(report.join().completed()).isTrue();
  }

  @Test
  void stop_beforeTheStartsAreThrough_startsNoMore() {
    FleetRun run = fleetRun(backend, Plans.plan(100, 1, seconds(60), seconds(0), 1), backend);
    CompletableFuture<RunReport> report = run.start();
    backend.timeline.after(Duration.ofMillis(50), run::stop);
    backend.timeline.runUntil(report::isDone);
    assertThat(backend.links).hasSize(FleetRun.STARTS_AT_ONCE);
    assertThat(report.join().deviceFailures())
        .containsEntry("not enrolled: not started", 100L - FleetRun.STARTS_AT_ONCE);
  }

  @Test
  void run_listenerThatThrows_changesNothing() {
    FleetRun run = new FleetRun(
        Plans.plan(1, 1, seconds(5), seconds(0), 1),
        backend,
        backend.timeline,
        backend.timeline.clock(),
        ledger,
        FleetOperator.NONE,
        ServerAccess.none(),
        broken -> {
          throw new IllegalStateException("broken listener");
        });
    CompletableFuture<RunReport> report = run.start();
    backend.timeline.runUntil(report::isDone);
    assertThat(report.join().acknowledged()).isPositive();
  }

  @Test
  void enroll_allEnrolled_endsBeforeItsTime() {
    RunReport report = run(Plans.scenario(
        40, 1, 1, new Phase.Enroll(seconds(60)), new Phase.Ramp(seconds(4)), steady(6)));
    assertThat(report.enrolled()).isEqualTo(40);
    assertThat(report.connected()).isEqualTo(40);
    assertThat(report.duration()).isBetween(seconds(10), seconds(11));
    assertThat(report.phases())
        .extracting(RunReport.PhaseReport::name)
        .containsExactly("enroll", "ramp", "steady");
    assertThat(report.phases().get(0).sent()).isZero();
  }

  @Test
  void burst_sendsSoManyTimesAsMuch() {
    RunReport report = run(Plans.scenario(
        10,
        1,
        1,
        new Phase.Ramp(seconds(0)),
        steady(10),
        new Phase.Burst(seconds(10), 5),
        steady(10)));
    assertThat(report.phases()).extracting(RunReport.PhaseReport::sent).satisfies(sent -> {
      assertThat(sent.get(1)).isBetween(90L, 110L);
      assertThat(sent.get(2)).isBetween(480L, 520L);
      assertThat(sent.get(3)).isBetween(90L, 110L);
    });
  }

  @Test
  void reconnectStorm_cutsItsShare_andTellsHowLongTheyWereGone() {
    FleetPlan plan = Plans.scenario(
        20,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(5),
        new Phase.ReconnectStorm(seconds(10), 0.3));
    RunReport report = run(plan);
    assertThat(backend.done)
        .hasSize(6)
        .doesNotHaveDuplicates()
        .allMatch(it -> it.startsWith("cut"));
    RunReport.PhaseReport storm = report.phases().get(2);
    assertThat(storm.back()).isEqualTo(6);
    assertThat(requireNonNull(storm.offline()).maxMs()).isCloseTo(2000, within(5.0));
    assertThat(storm.latency()).as("of those that were not cut").isNotNull();
    assertThat(storm.latencyOfTouched()).isNotNull();
    assertThat(report.connectionFailures()).containsEntry("the connection was reset", 6L);

    SimulatedBackend again = new SimulatedBackend();
    run(again, plan);
    assertThat(again.done).as("same seed, same devices").isEqualTo(backend.done);
  }

  @Test
  void flood_oneDevice_sendsAsFastAsItIsAnswered_andIsCountedApart() {
    RunReport report = run(Plans.scenario(
        5, 1, 7, new Phase.Ramp(seconds(1)), steady(2), new Phase.Flood(seconds(2), 1), steady(2)));
    // 20 at once, each answered after 5 ms: 4000 a second; the four others sent 8.
    assertThat(report.phases().get(2).sent()).isBetween(7900L, 8100L);
    assertThat(report.phases().get(3).sent()).isLessThan(20L);
    assertThat(report.phases().get(2).latencyOfTouched()).isNotNull();
    assertThat(report.messageFailures()).isEmpty();
    assertThat(ledger.size()).isEqualTo(report.acknowledged());
  }

  @Test
  void flood_thatIsRefused_goesOn() {
    backend.refusesAll = true;
    RunReport report = run(Plans.scenario(
        1, 1, 7, new Phase.Ramp(seconds(1)), new Phase.Flood(seconds(3), 1), steady(1)));
    // 20 at once, each refused after 5 ms and sent again 1 ms later.
    assertThat(report.phases().get(1).sent()).isBetween(9_000L, 10_100L);
    assertThat(report.phases().get(2).sent()).isLessThan(20L);
  }

  @Test
  void partition_endsWithItsPhase() {
    run(Plans.scenario(
        10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.Partition(seconds(5), 0.2), steady(1)));
    assertThat(backend.done).hasSize(4).allMatch(it -> it.startsWith("network"));
    assertThat(backend.done.get(0).replace("silent", "speaks")).isEqualTo(backend.done.get(2));
  }

  @Test
  void faults_oneAfterTheOther_areNotUndoneByTheOneBefore() {
    run(Plans.scenario(
        1,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.SlowNetwork(seconds(5), 1, Duration.ofMillis(200), 0, 0),
        new Phase.Partition(seconds(5), 1),
        new Phase.Clone(seconds(5), 1),
        new Phase.Clone(seconds(5), 1),
        new Phase.WrongCertificate(seconds(5), 1),
        new Phase.WrongCertificate(seconds(5), 1)));
    String serial = "sim-0001";
    assertThat(backend.done)
        .containsExactly(
            "network speaks " + serial,
            "network speaks " + serial,
            "network silent " + serial,
            "network speaks " + serial,
            serial + " has a duplicate",
            serial + " has none",
            serial + " has a duplicate",
            serial + " has none",
            "disguised " + serial,
            "as itself " + serial,
            "disguised " + serial,
            "as itself " + serial);
  }

  @Test
  void clockJumps_oneAfterTheOther_areNotUndoneByTheOneBefore() {
    run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(0)),
        new Phase.ClockJump(seconds(10), 1, Duration.ofHours(-1)),
        new Phase.ClockJump(seconds(10), 1, Duration.ofHours(1))));
    assertThat(backend.sent).filteredOn(it -> it.contains("T11:")).hasSizeBetween(36, 42);
    assertThat(backend.sent).filteredOn(it -> it.contains("T13:")).hasSizeBetween(36, 42);
  }

  @Test
  void rotation_isSpreadOverItsTime() {
    run(Plans.scenario(10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.Rotation(seconds(20), 1)));
    assertThat(backend.done)
        .hasSize(10)
        .anyMatch(it -> it.endsWith("at 1"))
        .anyMatch(it -> it.endsWith("at 19"));
  }

  @Test
  void massRevocation_cutsItsShare_andTellsHowLongThatTook() {
    backend.revokedIn = Duration.ofMillis(200);
    RunReport report = run(Plans.scenario(
        10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.MassRevocation(seconds(5), 0.4)));
    assertThat(backend.done)
        .singleElement()
        .asString()
        .startsWith("revoke ")
        .matches("(.*acme-sim-.*){4}");
    RunReport.PhaseReport phase = report.phases().get(1);
    assertThat(phase.done()).isEqualTo(4);
    assertThat(requireNonNull(phase.doneAfter()).maxMs()).isCloseTo(200, within(5.0));
    assertThat(report.broken()).isEmpty();
  }

  @Test
  void massRevocation_deviceLetInAgain_isBroken() {
    backend.revokedIn = Duration.ofMillis(200);
    backend.letsInTheRevoked = true;
    RunReport report = run(Plans.scenario(
        10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.MassRevocation(seconds(5), 0.4)));
    assertThat(report.broken()).containsOnly(Map.entry("let in after it was revoked", 4L));
  }

  @Test
  void massRevocation_connectionsLostOtherwise_areNotItsDoing() {
    backend.expelsTheRevoked = false;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.MassRevocation(seconds(5), 0.4),
        new Phase.ReconnectStorm(seconds(10), 1)));
    assertThat(report.phases().get(1).done()).isZero();
    assertThat(report.phases().get(2).achieved()).isEqualTo(10);
    assertThat(report.broken())
        .containsOnly(
            Map.entry("still connected at the end, though it was revoked", 4L),
            Map.entry("nothing was tried: phase 2, mass-revocation, did 0 of 4", 1L));
  }

  @Test
  void massRevocation_deviceThatWasOffline_isCountedWhenItIsRefused_andNotTimed() {
    backend.revokedIn = seconds(3);
    backend.comesBack = serial -> false;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.ReconnectStorm(seconds(2), 1),
        new Phase.MassRevocation(seconds(5), 0.4)));
    assertThat(report.phases().get(2).done()).isEqualTo(4);
    assertThat(report.phases().get(2).doneAfter()).isNull();
  }

  @Test
  void rotation_countsTheCertificatesThatWereRenewed() {
    FleetPlan plan = Plans.scenario(
        10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.Rotation(seconds(20), 0.5), steady(1));
    RunReport report = run(plan);
    assertThat(report.phases().get(1).achieved()).isEqualTo(5);
    assertThat(requireNonNull(report.phases().get(1).doneAfter()).maxMs())
        .isCloseTo(5, within(1.0));
    assertThat(report.broken()).isEmpty();

    SimulatedBackend refusing = new SimulatedBackend();
    refusing.renews = false;
    assertThat(run(refusing, plan).broken())
        .containsOnly(Map.entry("nothing was tried: phase 2, rotation, did 0 of 5", 1L));
  }

  @Test
  void storm_onlyDevicesThatWereOnline_wereCut() {
    backend.comesBack = serial -> false;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(1),
        new Phase.ReconnectStorm(seconds(2), 1),
        new Phase.ReconnectStorm(seconds(2), 1)));
    assertThat(report.phases().get(2).achieved()).isEqualTo(10);
    assertThat(report.phases().get(3).achieved()).isZero();
    assertThat(report.broken())
        .containsOnly(Map.entry("nothing was tried: phase 4, reconnect-storm, did 0 of 10", 1L));
  }

  @Test
  void longestGap_ofADeviceThatDoesNotComeBack_lastsUntilTheEnd() {
    backend.comesBack = serial -> false;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(4),
        new Phase.ReconnectStorm(seconds(30), 0.1)));
    assertThat(requireNonNull(report.longestGap())).isEqualTo(seconds(30));
  }

  @Test
  void longestGap_ofADeviceThatNeverComes_beginsWithItsTurn() {
    backend.blocks = false;
    backend.comesOnline = serial -> !serial.equals("sim-0006");
    RunReport report = run(Plans.scenario(10, 1, 7, new Phase.Ramp(seconds(10)), steady(20)));
    assertThat(requireNonNull(report.longestGap())).isEqualTo(seconds(25));
  }

  @Test
  void longestGap_ofADeviceThatComesBack_isItsTimeOffline() {
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(4),
        new Phase.ReconnectStorm(seconds(9), 0.1)));
    assertThat(requireNonNull(report.longestGap()).toMillis()).isBetween(2000L, 2010L);
  }

  @Test
  void longestGap_ofADeviceThatAPhaseConcerned_isItsLongestWaitThereafterToo() {
    backend.stallFrom = seconds(12);
    backend.stallTo = seconds(19);
    Phase[] phases = {
      new Phase.Ramp(seconds(1)), new Phase.Rotation(seconds(5), 1), steady(20),
    };
    assertThat(requireNonNull(run(Plans.scenario(2, 2, 7, phases)).longestGap()).toMillis())
        .isBetween(6_400L, 7_100L);
  }

  @Test
  void server_isLookedAt_beforeThePhaseEnds_andSoBeforeTheFault() {
    Expectations expected = new Expectations(null, null, null, null, 1.0, null, null, null, null);
    RunReport report = run(Plans.scenario(
        5,
        new Scenario(
            "looks",
            List.of(
                new Phase.Enroll(seconds(5)),
                new Phase.Ramp(seconds(2)),
                steady(30),
                new Phase.Flood(seconds(30), 1)),
            expected)));
    Duration ramp = report.phases().get(1).begin();
    assertThat(report.server().states())
        .extracting(ServerState::phase, state -> state.at().minus(ramp))
        .containsExactly(
            Tuple.tuple(1, seconds(1)), Tuple.tuple(2, seconds(22)), Tuple.tuple(3, seconds(52)));
  }

  @Test
  void server_inAPhaseThatEndsEarly_isLookedAtAtItsEnd_ifThatWasNotDoneBefore() {
    Expectations expected = new Expectations(null, null, null, null, 1.0, null, null, null, null);
    RunReport report = run(Plans.scenario(
        5,
        new Scenario(
            "looks",
            List.of(
                new Phase.Ramp(seconds(2)),
                new Phase.Recovery(seconds(60)),
                new Phase.ReconnectStorm(Duration.ofMillis(500), 1),
                new Phase.Recovery(Duration.ofMillis(2500))),
            expected)));
    RunReport.PhaseReport early = report.phases().get(1);
    RunReport.PhaseReport storm = report.phases().get(2);
    RunReport.PhaseReport last = report.phases().get(3);
    assertThat(early.length()).isLessThan(seconds(5));
    assertThat(last.length())
        .as("devices are back 2 s after the storm began")
        .isBetween(Duration.ofMillis(1500), Duration.ofMillis(1600));
    assertThat(report.server().states())
        .extracting(ServerState::phase, ServerState::at)
        .containsExactly(
            Tuple.tuple(0, seconds(1)),
            Tuple.tuple(1, storm.begin()),
            Tuple.tuple(2, storm.begin().plusMillis(250)),
            Tuple.tuple(3, last.begin().plusMillis(1250)));
  }

  @Test
  void recovery_endsWhenAllGotAMessageThrough_thatWasDueInIt() {
    backend.stallFrom = seconds(3);
    backend.stallTo = seconds(30);
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(4),
        new Phase.Recovery(seconds(300)),
        steady(2)));
    RunReport.PhaseReport recovery = report.phases().get(2);
    assertThat(recovery.achieved()).isEqualTo(10);
    assertThat(recovery.begin().plus(recovery.length()))
        .as("when the stall is over")
        .isBetween(seconds(30), seconds(32));
    assertThat(report.phases().get(3).length()).isEqualTo(seconds(2));
    assertThat(report.broken()).isEmpty();
  }

  @Test
  void recovery_waitsForWhoWasCutOff_andNotForTheRevoked() {
    RunReport report = run(Plans.scenario(
        4,
        2,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.MassRevocation(seconds(1), 0.25),
        new Phase.ReconnectStorm(Duration.ofMillis(100), 1),
        new Phase.Recovery(seconds(60))));
    RunReport.PhaseReport recovery = report.phases().get(3);
    assertThat(recovery.wanted()).isEqualTo(3);
    assertThat(recovery.achieved()).isEqualTo(3);
    assertThat(recovery.length().toMillis())
        .as("2 s after they were cut off")
        .isBetween(1900L, 2000L);
  }

  @Test
  void recovery_ofWhoDoesNotComeBack_takesAllItsTime_andIsUndone() {
    backend.comesBack = serial -> !serial.equals("sim-0001");
    RunReport report = run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.ReconnectStorm(seconds(1), 1),
        new Phase.Recovery(seconds(20))));
    RunReport.PhaseReport recovery = report.phases().get(2);
    assertThat(recovery.wanted()).isEqualTo(4);
    assertThat(recovery.achieved()).isEqualTo(3);
    assertThat(recovery.length()).isEqualTo(seconds(20));
  }

  /** Though at the last full second they were still away. */
  @Test
  void recovery_asTheLastPhase_leavesNobodyOffline() {
    Expectations expected = new Expectations(null, null, null, 0.0, null, null, null, null, null);
    FleetPlan plan = Plans.scenario(
        100,
        new Scenario(
            "storm",
            List.of(
                new Phase.Ramp(Duration.ofMillis(1500)),
                steady(5),
                new Phase.ReconnectStorm(Duration.ofMillis(200), 1),
                new Phase.Recovery(seconds(60))),
            expected));
    RunReport report = run(plan);
    assertThat(report.duration()).isLessThan(seconds(9)).isGreaterThan(seconds(8));
    assertThat(report.samples().get(7).online()).isLessThan(100);
    assertThat(report.offlineAtEnd()).isZero();
    assertThat(Verdict.of(plan, report)).singleElement().matches(Verdict::holds);

    SimulatedBackend lost = new SimulatedBackend();
    lost.comesBack = serial -> !serial.equals("sim-0042");
    assertThat(run(lost, plan).offlineAtEnd()).isEqualTo(1);
  }

  @Test
  void powerCut_cutsItsShare_whateverDevicesAreMadeOf() {
    for (FleetPlan.Client client : FleetPlan.Client.values()) {
      SimulatedBackend fresh = new SimulatedBackend();
      RunReport report = run(
          fresh,
          Plans.scenario(
              client,
              10,
              new Phase.Ramp(seconds(1)),
              steady(1),
              new Phase.PowerCut(seconds(5), 0.3)));
      assertThat(fresh.done)
          .hasSize(3)
          .doesNotHaveDuplicates()
          .allMatch(it -> it.startsWith("power "));
      RunReport.PhaseReport cut = report.phases().get(2);
      assertThat(List.of(cut.wanted(), cut.achieved(), cut.back(), cut.done())).containsOnly(3L);
      assertThat(report.connectionFailures()).containsOnly(Map.entry("the power was cut", 3L));
    }
  }

  @Test
  void powerCut_afterWhichADeviceDoesNotStart_isBroken() {
    backend.diskProblem = "not started again after a power cut: no space left on device";
    RunReport report = run(
        Plans.scenario(10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.PowerCut(seconds(5), 0.3)));
    assertThat(report.broken()).containsOnly(Map.entry(backend.diskProblem, 3L));
  }

  @Test
  void stop_beforeAPhase_saysNothingOfWhatItWouldHaveDone() {
    FleetPlan plan = Plans.scenario(
        2, 1, 1, new Phase.Ramp(seconds(1)), steady(60), new Phase.ReconnectStorm(seconds(9), 1));
    FleetRun run = fleetRun(backend, plan, backend);
    CompletableFuture<RunReport> report = run.start();
    backend.timeline.after(seconds(3), run::stop);
    backend.timeline.runUntil(report::isDone);
    assertThat(report.join().broken()).isEmpty();
    assertThat(report.join().completed()).isFalse();
  }

  @Test
  void twinChange_reachesAll_andTellsHowLongTheAnswersTook() {
    RunReport report = run(Plans.scenario(
        20,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(1),
        new Phase.TwinChange(seconds(5), 1),
        new Phase.Commands(seconds(5), 0.5)));
    assertThat(backend.done)
        .hasSize(30)
        .filteredOn(it -> it.startsWith("desire {\"firmware\":\""))
        .hasSize(20)
        .doesNotHaveDuplicates();
    assertThat(backend.done)
        .filteredOn(it -> it.startsWith("command identify "))
        .hasSize(10);
    assertThat(report.phases().get(2).done()).isEqualTo(20);
    assertThat(requireNonNull(report.phases().get(2).doneAfter()).maxMs())
        .isCloseTo(50, within(1.0));
    assertThat(report.phases().get(3).done()).isEqualTo(10);
    assertThat(report.answered()).isEqualTo(30);
    assertThat(report.broken()).isEmpty();
  }

  /** Who was away for the first hears of both at once, and answers once. */
  @Test
  void twinChanges_thatADeviceHearsAsOne_areBothDone() {
    backend.hearsChanges = () -> backend.timeline.elapsed().compareTo(seconds(5)) > 0;
    RunReport report = run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.TwinChange(seconds(2), 1),
        steady(5),
        new Phase.TwinChange(seconds(2), 1),
        new Phase.Recovery(seconds(60))));
    assertThat(report.phases().get(1).achieved()).isEqualTo(4);
    assertThat(report.phases().get(3).achieved()).isEqualTo(4);
    assertThat(report.phases().get(4).achieved()).isEqualTo(4);
    assertThat(report.broken()).isEmpty();
  }

  @Test
  void twinChange_operatorIsRefused_isBroken() {
    backend.operatorProblem = "403: not yours";
    RunReport report = run(
        Plans.scenario(5, 1, 7, new Phase.Ramp(seconds(1)), new Phase.TwinChange(seconds(2), 0.4)));
    assertThat(report.broken())
        .containsOnly(
            Map.entry("not ordered: 403: not yours", 2L),
            Map.entry("nothing was tried: phase 2, twin-change, did 0 of 2", 1L));
    assertThat(report.phases().get(1).done()).isZero();
  }

  @Test
  void commands_answeredAfterTheNextPhaseBegan_areDone_andSoIsThatOne() {
    backend.orderAnsweredIn = seconds(4);
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.Commands(seconds(1), 1),
        new Phase.ReconnectStorm(seconds(1), 1),
        steady(10)));
    assertThat(report.phases().get(1).done()).isEqualTo(10);
    assertThat(report.phases().get(2).done()).isEqualTo(10);
    assertThat(requireNonNull(report.phases().get(2).doneAfter()).maxMs())
        .isCloseTo(2000, within(10.0));
  }

  @Test
  void twinChange_answeredLate_isNotTakenForTheCommandThatFollows() {
    backend.orderAnsweredIn = seconds(3);
    backend.obeys = order -> order.startsWith("desire ");
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.TwinChange(seconds(1), 1),
        new Phase.Commands(seconds(1), 1),
        steady(10)));
    assertThat(report.phases().get(1).done()).isEqualTo(10);
    assertThat(report.phases().get(2).done()).isZero();
  }

  @Test
  void rotation_afterOneThatFailed_isItsOwn_andHealsIt() {
    backend.renews = false;
    backend.timeline.after(seconds(8), () -> backend.renews = true);
    RunReport report = run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.Rotation(seconds(4), 1),
        new Phase.Recovery(seconds(4)),
        new Phase.Rotation(seconds(4), 1),
        new Phase.Recovery(seconds(20))));
    assertThat(report.phases())
        .extracting(RunReport.PhaseReport::achieved)
        .as("ramp, rotation, recovery, rotation, recovery")
        .endsWith(0L, 0L, 4L, 4L);
  }

  @Test
  void recovery_waitsForWhatWasToldBefore_whateverWasDoneSince() {
    backend.obeys = order -> false;
    RunReport report = run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.Commands(seconds(1), 0.5),
        new Phase.Clone(seconds(2), 1),
        new Phase.ReconnectStorm(seconds(1), 1),
        new Phase.Recovery(seconds(20))));
    RunReport.PhaseReport recovery = report.phases().get(4);
    assertThat(recovery.achieved()).isEqualTo(2);
    assertThat(recovery.length()).isEqualTo(seconds(20));
  }

  @Test
  void orders_thatHaveNotBegunWhenTheirPhaseIsOver_areUndone() {
    backend.orderTakes = Duration.ofMillis(300);
    RunReport report = run(Plans.scenario(
        20,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        steady(1),
        new Phase.TwinChange(seconds(2), 1),
        steady(20)));
    RunReport.PhaseReport change = report.phases().get(2);
    assertThat(backend.done).hasSizeBetween(8, 15);
    assertThat(change.wanted()).isEqualTo(20);
    assertThat(change.achieved()).isEqualTo(backend.done.size());
  }

  @Test
  void clockJump_datesMessagesWrongly_untilItsPhaseEnds() {
    run(Plans.scenario(
        4,
        1,
        7,
        new Phase.Ramp(seconds(0)),
        new Phase.ClockJump(seconds(10), 0.5, Duration.ofHours(-1)),
        steady(10)));
    List<String> wrong =
        backend.sent.stream().filter(it -> it.contains("time=2026-11-21T11:0")).toList();
    assertThat(wrong).hasSizeBetween(18, 21);
    assertThat(wrong.stream().map(it -> it.substring(0, 8)).distinct()).hasSize(2);
    assertThat(backend.sent.get(backend.sent.size() - 1)).contains("time=2026-11-21T12:00:");
  }

  @Test
  void cloneAndWrongCertificate_lastAsLongAsTheirPhases() {
    backend.takesAnyCertificate = true;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.Clone(seconds(5), 0.2),
        steady(1),
        new Phase.WrongCertificate(seconds(5), 0.1)));
    assertThat(backend.done).hasSize(6);
    assertThat(backend.done.subList(0, 2)).allMatch(it -> it.endsWith("has a duplicate"));
    assertThat(backend.done.subList(2, 4)).allMatch(it -> it.endsWith("has none"));
    assertThat(backend.done.get(4)).startsWith("disguised ");
    assertThat(backend.done.get(5)).startsWith("as itself ");
    assertThat(report.broken())
        .containsOnly(Map.entry("let in with the certificate of its factory", 1L));
    assertThat(report.phases().get(1).done()).isEqualTo(2);
    assertThat(report.phases().get(3).done()).isEqualTo(1);
  }

  @Test
  void wrongCertificate_turnedAway_isWhatShallCome() {
    RunReport report = run(Plans.scenario(
        10, 1, 7, new Phase.Ramp(seconds(1)), new Phase.WrongCertificate(seconds(5), 0.2)));
    assertThat(report.broken()).isEmpty();
    assertThat(report.phases().get(1).achieved()).isEqualTo(2);
  }

  /** Nobody has seen them come: then it was ordered, and no more. Recovery does not wait for it. */
  @Test
  void cloneAndWrongCertificate_thatNobodyMet_areNotDone() {
    backend.judges = false;
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.Clone(seconds(5), 0.2),
        new Phase.WrongCertificate(seconds(5), 0.1),
        new Phase.Recovery(seconds(30))));
    assertThat(report.broken())
        .containsOnly(
            Map.entry("nothing was tried: phase 2, clone, did 0 of 2", 1L),
            Map.entry("nothing was tried: phase 3, wrong-certificate, did 0 of 1", 1L));
    assertThat(report.phases().get(3).achieved()).isEqualTo(10);
  }

  @Test
  void killServer_within_endsWithItsLastKill_andTheServersReturn(@TempDir Path folder) {
    try (LocalServer server = LocalServer.launch(
        "echo ready now; exec sleep 600", Map.of(), folder.resolve("server.log"), null)) {
      RunReport report = run(
          Plans.scenario(
              4,
              1,
              7,
              new Phase.Ramp(seconds(1)),
              new Phase.KillServer(Duration.ofHours(1), 5, seconds(2)),
              new Phase.Burst(seconds(10), 3),
              steady(5)),
          new ServerAccess(server, null, folder.resolve("hooks.log")));
      RunReport.PhaseReport kills = report.phases().get(1);
      assertThat(report.server().kills()).isEqualTo(5);
      assertThat(kills.achieved()).isEqualTo(5);
      assertThat(kills.length()).isBetween(seconds(1), seconds(16));
      assertThat(report.phases().get(2).length()).isEqualTo(seconds(10));
      assertThat(report.phases().get(2).sent()).as("a burst").isBetween(110L, 130L);
      assertThat(report.phases().get(3).length()).isEqualTo(seconds(5));
      assertThat(report.completed()).isTrue();
      assertThat(report.server().problems()).isEmpty();
      assertThat(report.broken())
          .as("this server has nothing to do with the backend")
          .containsOnlyKeys(FleetRun.NOT_THEIRS);
    }
  }

  /** One of four is cut off, and does not come back. */
  @ParameterizedTest
  @CsvSource({"75, 2", "80, 0"})
  void killServer_within_waitsForThoseWhoAreToBeOnline(
      int percent, long kills, @TempDir Path folder) {
    backend.comesBack = serial -> false;
    try (LocalServer server = LocalServer.launch(
        "echo ready now; exec sleep 600", Map.of(), folder.resolve("server.log"), null)) {
      RunReport report = run(
          Plans.scenario(
              4,
              1,
              7,
              new Phase.Ramp(seconds(1)),
              new Phase.ReconnectStorm(seconds(1), 0.25),
              new Phase.KillServer(seconds(60), 2, seconds(2), percent / 100.0, seconds(3)),
              steady(1)),
          new ServerAccess(server, null, folder.resolve("hooks.log")));
      assertThat(report.phases().get(2).achieved()).isEqualTo(kills);
      assertThat(backend.done.subList(1, 9)).as("until the phase is over").satisfies(done -> {
        assertThat(done.subList(0, 4)).allMatch(it -> it.matches("hurry sim-\\d+ PT3S"));
        assertThat(done.subList(4, 8)).allMatch(it -> it.matches("hurry sim-\\d+ null"));
      });
    }
  }

  @Test
  void killServer_within_thatRecoversNoMore_endsWithItsTime_andIsUndone(@TempDir Path folder) {
    backend.stallFrom = seconds(3);
    backend.stallTo = Duration.ofHours(2);
    try (LocalServer server = LocalServer.launch(
        "echo ready now; exec sleep 600", Map.of(), folder.resolve("server.log"), null)) {
      RunReport report = run(
          Plans.scenario(
              4,
              1,
              7,
              new Phase.Ramp(seconds(1)),
              new Phase.KillServer(seconds(60), 30, seconds(1)),
              steady(5)),
          new ServerAccess(server, null, folder.resolve("hooks.log")));
      assertThat(report.phases().get(1).length()).isEqualTo(seconds(60));
      assertThat(report.phases().get(1).achieved()).isBetween(1L, 10L);
    }
  }

  @Test
  void halfOpen_abandonsItsShare() {
    RunReport report = run(Plans.scenario(
        10,
        1,
        7,
        new Phase.Ramp(seconds(1)),
        new Phase.HalfOpen(seconds(5), 0.2, Duration.ofSeconds(3))));
    assertThat(backend.done).hasSize(2).allMatch(it -> it.matches("abandoned sim-\\d+ PT3S"));
    assertThat(report.phases().get(1).achieved()).isEqualTo(2);
  }

  private static Phase steady(int length) {
    return new Phase.Steady(seconds(length));
  }

  private RunReport run(FleetPlan plan) {
    return run(backend, plan);
  }

  private RunReport run(FleetPlan plan, ServerAccess server) {
    CompletableFuture<RunReport> report =
        fleetRun(backend, plan, backend, server).start();
    backend.timeline.runUntil(report::isDone);
    return report.join();
  }

  private RunReport run(SimulatedBackend target, FleetPlan plan) {
    return run(target, plan, target);
  }

  private RunReport run(SimulatedBackend target, FleetPlan plan, DeviceLink.Factory links) {
    CompletableFuture<RunReport> report = fleetRun(target, plan, links).start();
    target.timeline.runUntil(report::isDone);
    return report.join();
  }

  private FleetRun fleetRun(SimulatedBackend target, FleetPlan plan, DeviceLink.Factory links) {
    return fleetRun(target, plan, links, ServerAccess.none());
  }

  private FleetRun fleetRun(
      SimulatedBackend target, FleetPlan plan, DeviceLink.Factory links, ServerAccess server) {
    return new FleetRun(
        plan,
        links,
        target.timeline,
        target.timeline.clock(),
        ledger,
        target.operator,
        server,
        progress::add);
  }

  private static Duration seconds(int seconds) {
    return Duration.ofSeconds(seconds);
  }
}
