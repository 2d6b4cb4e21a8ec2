/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.registrar.DeviceProfile;
import dev.muster.enrollment.registrar.Label;
import dev.muster.enrollment.registrar.Profiles;
import dev.muster.protocol.identity.FleetName;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Tells what a label means: a profile first, since an operator has named it for that; else a fleet.
 *
 * <p>Thread-safe, and never blocks.
 */
public final class Labels {
  private final Profiles profiles;
  private final TrustView trust;

  public Labels(Profiles profiles, TrustView trust) {
    this.profiles = profiles;
    this.trust = trust;
  }

  /**
   * @param label as it stands in a path; null if there is none
   * @return empty if nothing is called that
   */
  public Optional<Label> find(@Nullable String label) {
    if (label == null) {
      return Optional.of(Label.NONE);
    }
    Optional<Label> profile = profiles.find(label).map(found -> new Label(null, found));
    return profile.or(() -> trust.isFleet(label)
        ? Optional.of(new Label(new FleetName(label), null))
        : Optional.empty());
  }

  /** The profile of whoever asks under that label. */
  public DeviceProfile profile(Label label) {
    return label.profile() == null ? profiles.base() : label.profile();
  }
}
