/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.FleetName;

/**
 * Who is let in, and where to.
 *
 * @param defaultFleet of devices whose manufacturer and manifest name none
 */
public record AdmissionConfig(FleetName defaultFleet) {
  public AdmissionConfig {
    requireNonNull(defaultFleet, "defaultFleet");
  }
}
