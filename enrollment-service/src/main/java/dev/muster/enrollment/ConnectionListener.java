/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;

/** Hears which devices are connected to a broker. Returns at once; thread-safe. */
@FunctionalInterface
public interface ConnectionListener {
  /** A device came or went, or is known to have. @param since when it is so */
  void changed(DeviceId device, boolean online, Instant since);
}
