/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Hears which devices are connected: of all that are known when the broker starts, before any
 * comes, and of each that comes or goes. Of one device, what it hears last is what holds. Returns
 * at once.
 */
@FunctionalInterface
public interface PresenceListener {
  /** For a broker that nobody listens to. */
  PresenceListener NONE = (device, certificate, since) -> {};

  /**
   * A device is there, or not.
   *
   * @param certificate serial number of the certificate that it is there with, as lower-case
   *     hexadecimal digits; null if it is not there
   * @param since when it is so
   */
  void changed(DeviceId device, @Nullable String certificate, Instant since);

  /**
   * Somebody came who is no device.
   *
   * @param certificate as above
   */
  default void programCame(String certificate) {}
}
