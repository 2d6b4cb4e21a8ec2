/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import java.util.List;

/** Which devices a bulk job is about. */
public sealed interface BulkSelection {
  /** These, whether they are known or not. */
  record Named(List<DeviceId> devices) implements BulkSelection {
    public Named {
      devices = devices.stream().distinct().toList();
    }
  }

  /** Those that are so when the job is ordered. */
  record Matching(DeviceFilter filter) implements BulkSelection {}
}
