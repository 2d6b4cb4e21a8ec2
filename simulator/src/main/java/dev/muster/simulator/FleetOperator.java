/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import dev.muster.protocol.identity.DeviceId;
import java.util.List;

/**
 * What operators do to devices in some phases. Every method blocks, and is called by several
 * threads; of what it throws, unchecked, the report has the message.
 */
public interface FleetOperator {
  /** Nobody: what has to be done is reported as not done. */
  FleetOperator NONE = new FleetOperator() {
    @Override
    public void revoke(List<DeviceId> devices) {
      throw new IllegalStateException("there is no operator");
    }

    @Override
    public void desire(DeviceId device, String patch) {
      throw new IllegalStateException("there is no operator");
    }

    @Override
    public void command(DeviceId device, String name) {
      throw new IllegalStateException("there is no operator");
    }
  };

  /** Has all certificates of these devices revoked; need not wait until that is done. */
  void revoke(List<DeviceId> devices);

  /** Says what a device should be like. @param patch a JSON merge patch (RFC 7396) */
  void desire(DeviceId device, String patch);

  /** Gives a device a command without a payload. */
  void command(DeviceId device, String name);
}
