/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.identity.FleetName;
import java.util.List;

/**
 * Who is let in, and where to.
 *
 * @param defaultFleet of devices whose manufacturer and manifest name none
 * @param keyReuse a renewal may keep its key, so that a key lives longer than its certificate
 * @param profiles the named profiles that devices may ask for
 * @param allowUnprovenManufacturers lets a manufacturer's devices in though nobody has shown to
 *     have the key of its CA; for those whose CAs sign no proofs
 * @param serverKeygen whether keys are made for devices
 */
public record AdmissionConfig(
    FleetName defaultFleet,
    boolean keyReuse,
    List<DeviceProfile> profiles,
    boolean allowUnprovenManufacturers,
    ServerKeygen serverKeygen) {
  public AdmissionConfig {
    requireNonNull(defaultFleet, "defaultFleet");
    requireNonNull(serverKeygen, "serverKeygen");
    profiles = List.copyOf(profiles);
    if (EstOperation.of(defaultFleet.value()).isPresent()) {
      throw new IllegalArgumentException(
          "fleet: \"" + defaultFleet
              + "\" (expected: not the name of an EST operation, as a fleet is a label; RFC 7030, 3.2.2)");
    }
    for (DeviceProfile profile : profiles) {
      if (defaultFleet.value().equals(profile.name())) {
        throw new IllegalArgumentException("profile: \"" + defaultFleet
            + "\" (expected: another name than the fleet's, as both are labels)");
      }
    }
  }

  /** As the other; a manufacturer's CA must be proven, and no keys are made. */
  public AdmissionConfig(FleetName defaultFleet, boolean keyReuse, List<DeviceProfile> profiles) {
    this(defaultFleet, keyReuse, profiles, false, ServerKeygen.NEVER);
  }
}
