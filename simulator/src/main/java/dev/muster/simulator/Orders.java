/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.simulator.client.DeviceLink;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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

  void desire(List<DeviceRun> picked, PhaseStats stats, String patch) {
    each(picked, stats, device -> operator.desire(device, patch));
  }

  void command(List<DeviceRun> picked, PhaseStats stats) {
    each(picked, stats, device -> operator.command(device, DeviceLink.COMMAND));
  }

  private void each(List<DeviceRun> picked, PhaseStats stats, Consumer<DeviceId> order) {
    Iterator<DeviceRun> left = List.copyOf(picked).iterator();
    for (int i = 0; i < AT_ONCE; i++) {
      timeline.blocking(() -> {
        for (DeviceRun next = next(left); next != null; next = next(left)) {
          Optional<DeviceId> device = next.awaitAnswer(stats);
          device.ifPresent(id -> noting(() -> order.accept(id)));
        }
      });
    }
  }

  private static @Nullable DeviceRun next(Iterator<DeviceRun> left) {
    synchronized (left) {
      return left.hasNext() ? left.next() : null;
    }
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
