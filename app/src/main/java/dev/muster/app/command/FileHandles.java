/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.muster.app.UserError;
import dev.muster.simulator.FleetPlan;
import dev.muster.simulator.scenario.Phase;
import java.lang.management.ManagementFactory;
import java.util.List;

/**
 * Whether this process may open what its devices need: otherwise thousands of them would fail with
 * what the operating system says, one after another.
 */
final class FileHandles {
  /** For jars, event loops, enrollments and logs. */
  private static final int OTHERS = 256;

  /** A connection. */
  private static final int LIGHT = 1;
  /** A connection, what wakes up who waits for it, and the journal with its lock. */
  private static final int SDK = 5;
  /** Where the proxy listens, and its two ends of a connection. */
  private static final int PROXY = 3;

  private FileHandles() {}

  /** @throws UserError if there are fewer handles than devices need, and some to spare */
  static void require(FleetPlan.Client client, int devices, List<Phase> phases) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      require(devices, each(client, phases), system.getMaxFileDescriptorCount());
    }
  }

  static int each(FleetPlan.Client client, List<Phase> phases) {
    if (client == FleetPlan.Client.LIGHT) {
      return LIGHT;
    }
    return phases.stream().anyMatch(Phase::isOfTheNetwork) ? SDK + PROXY : SDK;
  }

  static void require(int devices, int each, long handles) {
    long needed = (long) devices * each + OTHERS;
    if (needed > handles) {
      throw new UserError(
          "--devices: " + devices + " (expected: at most " + Math.max(0, handles - OTHERS) / each
              + ", because this process may open " + handles + " files, and a device takes " + each
              + ")",
          "allow more, here and for the server: ulimit -n " + 2 * needed);
    }
  }
}
