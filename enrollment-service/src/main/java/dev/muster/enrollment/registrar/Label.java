/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.protocol.identity.FleetName;
import org.jspecify.annotations.Nullable;

/**
 * What the label in a URL meant (RFC 7030, 3.2.2): a profile, a fleet, or nothing.
 *
 * @param fleet that the device must be of; null for any
 * @param profile that the certificate shall have; null for the one it would have anyway
 */
public record Label(@Nullable FleetName fleet, @Nullable DeviceProfile profile) {
  /** There was none. */
  public static final Label NONE = new Label(null, null);
}
