/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.client.NetworkConditions;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.server.ServerAccess;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Does to the devices what a phase wants. Which ones it picks depends on the seed and on the
 * phase's number alone.
 */
final class Phases {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final Runnable NOTHING = () -> {};

  private final List<DeviceRun> devices;
  private final Timeline timeline;
  private final ServerAccess server;
  private final Orders orders;
  private final RunCounters counters;
  private final Clock clock;
  private final long seed;
  /** Undoes what the phase that goes on has done. */
  private Runnable ending = NOTHING;

  Phases(
      List<DeviceRun> devices,
      Timeline timeline,
      ServerAccess server,
      Orders orders,
      RunCounters counters,
      Clock clock,
      long seed) {
    this.devices = devices;
    this.timeline = timeline;
    this.server = server;
    this.orders = orders;
    this.counters = counters;
    this.clock = clock;
    this.seed = seed;
  }

  /** Ends the phase that went on: nothing of it lasts any longer. */
  synchronized void end() {
    ending.run();
    ending = NOTHING;
  }

  /**
   * Ends the phase before it first, which would else undo what this one does to the same devices.
   *
   * @param over to be called if the phase has done everything before its time; then once
   */
  synchronized void enter(Phase phase, int number, PhaseStats stats, Runnable over) {
    end();
    if (phase instanceof Phase.Flood flood) {
      long end = timeline.nanos() + flood.length().toNanos();
      pick(flood.devices(), number, stats).forEach(device -> device.flood(stats, end));
    } else if (phase instanceof Phase.ReconnectStorm storm) {
      pick(storm.share(), number, stats).forEach(device -> device.cut(stats));
    } else if (phase instanceof Phase.PowerCut cut) {
      pick(cut.share(), number, stats).forEach(device -> device.cutPower(stats));
    } else if (phase instanceof Phase.HalfOpen half) {
      pick(half.share(), number, stats)
          .forEach(device -> device.touchNetwork(stats, link -> link.abandon(half.timeout())));
    } else if (phase instanceof Phase.Partition partition) {
      network(pick(partition.share(), number, stats), stats, NetworkConditions.SILENT);
    } else if (phase instanceof Phase.SlowNetwork slow) {
      NetworkConditions conditions =
          new NetworkConditions(slow.delay(), slow.bytesPerSecond(), slow.loss(), false);
      network(pick(slow.share(), number, stats), stats, conditions);
    } else if (phase instanceof Phase.Rotation rotation) {
      spread(pick(rotation.share(), number, stats), rotation, device -> device.renew(stats));
    } else if (phase instanceof Phase.Recovery recovery) {
      recover(recovery, stats, over);
    } else if (phase instanceof Phase.KillServer kill) {
      kill(kill, stats, new SplittableRandom(seed + number), over);
    } else if (phase instanceof Phase.Hook hook) {
      stats.wants(1);
      timeline.blocking(() -> {
        if (server.begin(hook)) {
          stats.tried();
        }
      });
      ending = () -> timeline.blocking(() -> server.end(hook));
    } else {
      orderOrMislead(phase, number, stats);
    }
  }

  private void orderOrMislead(Phase phase, int number, PhaseStats stats) {
    if (phase instanceof Phase.MassRevocation revocation) {
      orders.revoke(pick(revocation.share(), number, stats), stats);
    } else if (phase instanceof Phase.TwinChange change) {
      // Another one in each run, or there would be nothing to be done.
      String firmware = Long.toString(clock.millis(), Character.MAX_RADIX) + "-" + number;
      String patch = "{\"firmware\":\"" + firmware + "\"}";
      ending = orders.desire(pick(change.share(), number, stats), stats, patch);
    } else if (phase instanceof Phase.Commands commands) {
      ending = orders.command(pick(commands.share(), number, stats), stats);
    } else if (phase instanceof Phase.ClockJump jump) {
      during(
          pick(jump.share(), number, stats),
          device -> device.jump(stats, jump.by()),
          DeviceRun::setClock);
    } else if (phase instanceof Phase.Clone clone) {
      during(
          pick(clone.share(), number, stats),
          device -> device.duplicate(stats),
          DeviceRun::beAlone);
    } else if (phase instanceof Phase.WrongCertificate wrong) {
      during(
          pick(wrong.share(), number, stats),
          device -> device.disguise(stats),
          DeviceRun::beItself);
    }
    // The others need nothing done to a device: a burst is in the rate curve.
  }

  private void recover(Phase.Recovery phase, PhaseStats stats, Runnable over) {
    List<DeviceRun> missing = new ArrayList<>(devices);
    missing.removeIf(DeviceRun::isRevoked);
    stats.wants(missing.size());
    awaitRecovery(missing, timeline.nanos() + phase.length().toNanos(), stats, over);
  }

  private void awaitRecovery(List<DeviceRun> missing, long end, PhaseStats stats, Runnable over) {
    int before = missing.size();
    missing.removeIf(device -> device.hasRecovered(stats));
    stats.tried(before - missing.size());
    if (missing.isEmpty()) {
      over.run();
    } else if (timeline.nanos() < end) {
      timeline.at(
          timeline.nanos() + POLL.toNanos(), () -> awaitRecovery(missing, end, stats, over));
    }
  }

  private void kill(
      Phase.KillServer phase, PhaseStats stats, SplittableRandom random, Runnable over) {
    stats.wants(phase.times());
    Duration within = phase.within();
    if (within == null) {
      spreadKills(phase, stats, random);
    } else {
      hurry(phase.retry());
      ending = () -> hurry(null);
      int online = (int) Math.ceil(phase.online() * devices.size());
      long end = timeline.nanos() + phase.length().toNanos();
      new Kills(within.toNanos(), online, end, stats, random, over).next(phase.times());
    }
  }

  private void hurry(@Nullable Duration longest) {
    devices.forEach(device -> device.hurry(longest));
  }

  /**
   * One after another, each when the server has acknowledged something again, and so many devices
   * are online.
   */
  private final class Kills {
    private final long within;
    private final int online;
    private final long end;
    private final PhaseStats stats;
    private final SplittableRandom random;
    private final Runnable over;

    Kills(
        long within,
        int online,
        long end,
        PhaseStats stats,
        SplittableRandom random,
        Runnable over) {
      this.within = within;
      this.online = online;
      this.end = end;
      this.stats = stats;
      this.random = random;
      this.over = over;
    }

    void next(int left) {
      await(counters.acknowledged.sum(), left);
    }

    private void await(long before, int left) {
      if (timeline.nanos() >= end) {
        return;
      }
      if (counters.acknowledged.sum() == before || counters.online.get() < online) {
        timeline.at(timeline.nanos() + POLL.toNanos(), () -> await(before, left));
      } else if (left == 0) {
        over.run();
      } else {
        long moment = timeline.nanos() + (long) (random.nextDouble() * within);
        timeline.at(moment, () -> timeline.blocking(() -> kill(left)));
      }
    }

    private void kill(int left) {
      if (server.killServer(() -> timeline.nanos() < end)) {
        stats.tried();
        // By then all has arrived that was acknowledged before.
        server.awaitReady(() -> timeline.nanos() < end);
        next(left - 1);
      }
    }
  }

  /** One in each part of the phase, so that there are some between which devices get to send. */
  private void spreadKills(Phase.KillServer phase, PhaseStats stats, SplittableRandom random) {
    double spacing = (double) phase.length().toNanos() / phase.times();
    long begin = timeline.nanos();
    long end = begin + phase.length().toNanos();
    for (int i = 0; i < phase.times(); i++) {
      long moment = begin + (long) ((i + random.nextDouble()) * spacing);
      timeline.at(
          moment,
          () -> timeline.blocking(() -> {
            if (server.killServer(() -> timeline.nanos() < end)) {
              stats.tried();
            }
          }));
    }
  }

  /** Until the phase is over. */
  private void during(List<DeviceRun> picked, Consumer<DeviceRun> begin, Consumer<DeviceRun> end) {
    picked.forEach(begin);
    ending = () -> picked.forEach(end);
  }

  private void network(List<DeviceRun> picked, PhaseStats stats, NetworkConditions conditions) {
    during(
        picked,
        device -> device.touchNetwork(stats, link -> link.network(conditions)),
        DeviceRun::restoreNetwork);
  }

  private void spread(List<DeviceRun> picked, Phase phase, Consumer<DeviceRun> action) {
    long spacing = phase.length().toNanos() / Math.max(1, picked.size());
    long begin = timeline.nanos();
    for (int i = 0; i < picked.size(); i++) {
      DeviceRun device = picked.get(i);
      timeline.at(begin + i * spacing, () -> action.accept(device));
    }
  }

  private List<DeviceRun> pick(double share, int number, PhaseStats stats) {
    return pick((int) Math.ceil(devices.size() * share), number, stats);
  }

  private List<DeviceRun> pick(int wanted, int number, PhaseStats stats) {
    int count = Math.min(wanted, devices.size());
    stats.wants(count);
    List<DeviceRun> shuffled = new ArrayList<>(devices);
    SplittableRandom random = new SplittableRandom(seed + number);
    for (int i = 0; i < count; i++) {
      int other = random.nextInt(i, shuffled.size());
      DeviceRun picked = shuffled.get(other);
      shuffled.set(other, shuffled.get(i));
      shuffled.set(i, picked);
    }
    return shuffled.subList(0, count);
  }
}
