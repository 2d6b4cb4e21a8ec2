/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Hears who is connected to a broker. Returns at once; thread-safe. */
public interface ConnectionListener {
  /**
   * A device came or went, or is known to have.
   *
   * @param certificate serial number of the certificate that it is there with, as lower-case
   *     hexadecimal digits; null if it is not there
   * @param since when it is so
   */
  void changed(DeviceId device, @Nullable String certificate, Instant since);

  /**
   * Somebody came with a certificate, device or not.
   *
   * @param certificate as above
   */
  void used(String certificate);
}
