/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.sun.management.UnixOperatingSystemMXBean;
import dev.muster.app.UserError;
import java.lang.management.ManagementFactory;

/**
 * Whether this process may open a connection for each device: otherwise thousands of devices would
 * fail with what the operating system says, one after another.
 */
final class FileHandles {
  /** For jars, event loops, enrollments and logs. */
  private static final int OTHERS = 256;

  private FileHandles() {}

  /** @throws UserError if there are fewer handles than devices, and some to spare */
  static void require(int devices) {
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system) {
      require(devices, system.getMaxFileDescriptorCount());
    }
  }

  static void require(int devices, long handles) {
    if (devices + OTHERS > handles) {
      throw new UserError(
          "--devices: " + devices + " (expected: at most " + Math.max(0, handles - OTHERS)
              + ", because this process may open " + handles + " files)",
          "allow more, here and for the server: ulimit -n " + 2 * (devices + OTHERS));
    }
  }
}
