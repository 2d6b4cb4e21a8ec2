/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.simulator.client.DeviceLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.function.Function;

/** Has an operator tell devices what to do: so many at a time as an operator's program would. */
final class Orders {
  private static final int AT_ONCE = 8;

  private final FleetOperator operator;
  private final Timeline timeline;
  private final FailureCounts broken;

  Orders(FleetOperator operator, Timeline timeline, FailureCounts broken) {
    this.operator = operator;
    this.timeline = timeline;
    this.broken = broken;
  }

  /** All in one order. */
  void revoke(List<DeviceRun> picked, PhaseStats stats) {
    timeline.blocking(() -> {
      List<DeviceId> devices = new ArrayList<>();
      picked.forEach(device -> device.awaitExpulsion(stats).ifPresent(devices::add));
      noting(() -> operator.revoke(devices));
    });
  }

  /** @return ends it: who was not told by then is not told any more */
  Runnable desire(List<DeviceRun> picked, PhaseStats stats, String patch) {
    return each(
        picked, device -> device.awaitAdaptation(stats), device -> operator.desire(device, patch));
  }

  /** @return as above */
  Runnable command(List<DeviceRun> picked, PhaseStats stats) {
    return each(
        picked,
        device -> device.awaitAnswer(stats),
        device -> operator.command(device, DeviceLink.COMMAND));
  }

  /** @param awaits has a device await what it will be told, and says who it is */
  private Runnable each(
      List<DeviceRun> picked,
      Function<DeviceRun, Optional<DeviceId>> awaits,
      Consumer<DeviceId> order) {
    Queue<DeviceRun> left = new ConcurrentLinkedQueue<>(picked);
    for (int i = 0; i < AT_ONCE; i++) {
      next(left, awaits, order);
    }
    return left::clear;
  }

  private void next(
      Queue<DeviceRun> left,
      Function<DeviceRun, Optional<DeviceId>> awaits,
      Consumer<DeviceId> order) {
    timeline.blocking(() -> {
      DeviceRun device = left.poll();
      if (device != null) {
        awaits.apply(device).ifPresent(id -> noting(() -> order.accept(id)));
        next(left, awaits, order);
      }
    });
  }

  private void noting(Runnable order) {
    try {
      order.run();
    } catch (RuntimeException e) {
      String message = e.getMessage();
      broken.count("not ordered: " + (message == null ? e.getClass().getSimpleName() : message));
    }
  }
}
