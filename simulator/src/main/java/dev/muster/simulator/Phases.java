/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.simulator.client.ControlledLink;
import dev.muster.simulator.client.NetworkConditions;
import dev.muster.simulator.scenario.Phase;
import dev.muster.simulator.server.ServerAccess;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;

/**
 * Does to the devices what a phase wants. Which ones it picks depends on the seed and on the
 * phase's number alone.
 */
final class Phases {
  private static final NetworkConditions SILENT = new NetworkConditions(Duration.ZERO, true);

  private final List<DeviceRun> devices;
  private final Timeline timeline;
  private final ServerAccess server;
  private final Orders orders;
  private final Clock clock;
  private final long seed;

  Phases(
      List<DeviceRun> devices,
      Timeline timeline,
      ServerAccess server,
      Orders orders,
      Clock clock,
      long seed) {
    this.devices = devices;
    this.timeline = timeline;
    this.server = server;
    this.orders = orders;
    this.clock = clock;
    this.seed = seed;
  }

  void enter(Phase phase, int number, PhaseStats stats) {
    if (phase instanceof Phase.Flood flood) {
      long end = timeline.nanos() + flood.length().toNanos();
      pick(flood.devices(), number).forEach(device -> device.flood(stats, end));
    } else if (phase instanceof Phase.ReconnectStorm storm) {
      pick(count(storm.share()), number)
          .forEach(device -> device.touch(stats, ControlledLink::cut));
    } else if (phase instanceof Phase.PowerCut cut) {
      pick(count(cut.share()), number)
          .forEach(device -> device.touch(stats, ControlledLink::cutPower));
    } else if (phase instanceof Phase.Partition partition) {
      network(pick(count(partition.share()), number), partition, stats, SILENT);
    } else if (phase instanceof Phase.SlowNetwork slow) {
      NetworkConditions conditions = new NetworkConditions(slow.delay(), false);
      network(pick(count(slow.share()), number), slow, stats, conditions);
    } else if (phase instanceof Phase.Rotation rotation) {
      spread(pick(count(rotation.share()), number), rotation, stats, ControlledLink::renew);
    } else if (phase instanceof Phase.KillServer kill) {
      kill(kill, new SplittableRandom(seed + number));
    } else if (phase instanceof Phase.Hook hook) {
      timeline.blocking(() -> server.begin(hook));
      timeline.at(
          timeline.nanos() + hook.length().toNanos(),
          () -> timeline.blocking(() -> server.end(hook)));
    } else {
      orderOrMislead(phase, number, stats);
    }
  }

  private void orderOrMislead(Phase phase, int number, PhaseStats stats) {
    if (phase instanceof Phase.MassRevocation revocation) {
      orders.revoke(pick(count(revocation.share()), number), stats);
    } else if (phase instanceof Phase.TwinChange change) {
      // Another one in each run, or there would be nothing to be done.
      String firmware = Long.toString(clock.millis(), Character.MAX_RADIX) + "-" + number;
      String patch = "{\"firmware\":\"" + firmware + "\"}";
      orders.desire(pick(count(change.share()), number), stats, patch);
    } else if (phase instanceof Phase.Commands commands) {
      orders.command(pick(count(commands.share()), number), stats);
    } else if (phase instanceof Phase.ClockJump jump) {
      during(
          pick(count(jump.share()), number),
          jump,
          device -> device.setClockAhead(stats, jump.by()),
          device -> device.setClockAhead(stats, Duration.ZERO));
    } else if (phase instanceof Phase.Clone clone) {
      during(
          pick(count(clone.share()), number),
          clone,
          device -> device.touch(stats, link -> link.duplicate(true)),
          device -> device.touch(stats, link -> link.duplicate(false)));
    } else if (phase instanceof Phase.WrongCertificate wrong) {
      during(
          pick(count(wrong.share()), number),
          wrong,
          device -> device.touch(stats, link -> link.disguise(true)),
          device -> device.touch(stats, link -> link.disguise(false)));
    }
    // The others need nothing done to a device: a burst is in the rate curve.
  }

  /** One in each part of the phase, so that there are some between which devices get to send. */
  private void kill(Phase.KillServer phase, SplittableRandom random) {
    double spacing = (double) phase.length().toNanos() / phase.times();
    long begin = timeline.nanos();
    long end = begin + phase.length().toNanos();
    for (int i = 0; i < phase.times(); i++) {
      long moment = begin + (long) ((i + random.nextDouble()) * spacing);
      timeline.at(
          moment, () -> timeline.blocking(() -> server.killServer(() -> timeline.nanos() < end)));
    }
  }

  private void during(
      List<DeviceRun> picked, Phase phase, Consumer<DeviceRun> begin, Consumer<DeviceRun> end) {
    picked.forEach(begin);
    timeline.at(timeline.nanos() + phase.length().toNanos(), () -> picked.forEach(end));
  }

  /** Until the phase is over. */
  private void network(
      List<DeviceRun> picked, Phase phase, PhaseStats stats, NetworkConditions conditions) {
    during(
        picked,
        phase,
        device -> device.touch(stats, link -> link.network(conditions)),
        device -> device.touch(stats, link -> link.network(NetworkConditions.GOOD)));
  }

  private void spread(
      List<DeviceRun> picked, Phase phase, PhaseStats stats, Consumer<ControlledLink> action) {
    long spacing = phase.length().toNanos() / Math.max(1, picked.size());
    long begin = timeline.nanos();
    for (int i = 0; i < picked.size(); i++) {
      DeviceRun device = picked.get(i);
      timeline.at(begin + i * spacing, () -> device.touch(stats, action));
    }
  }

  private int count(double share) {
    return (int) Math.ceil(devices.size() * share);
  }

  private List<DeviceRun> pick(int wanted, int number) {
    int count = Math.min(wanted, devices.size());
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
