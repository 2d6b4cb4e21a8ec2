/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.csr.KeyKind;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What operators may choose about LDevIDs. The rest is the same for all: keyUsage digitalSignature
 * alone, as keys of every kind here may sign (RFC 5480, 3; RFC 8410, 5) and nothing else is asked
 * of them; extendedKeyUsage clientAuth, so that no device can act as a server (RFC 5280, 4.2.1.12);
 * an end that is never beyond the issuer's (RFC 5280, 6.1.3).
 *
 * @param name what an EST label calls it (RFC 7030, 3.2.2): 1 to 32 of {@code [a-z0-9-]}, and no
 *     operation of EST; null for the base profile, which has no label
 * @param validity of a certificate, at least a minute
 * @param keys the kinds of keys that are certified, the one preferred first
 * @param fleets whose devices may have it; empty for all
 */
public record DeviceProfile(
    @Nullable String name, Duration validity, List<KeyKind> keys, List<FleetName> fleets) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");
  private static final Duration MIN_VALIDITY = Duration.ofSeconds(10);

  /** @throws IllegalArgumentException naming the setting and what is expected */
  public DeviceProfile {
    requireNonNull(validity, "validity");
    keys = List.copyOf(keys);
    fleets = List.copyOf(fleets);
    if (name != null && (!NAME.matcher(name).matches() || EstOperation.of(name).isPresent())) {
      throw new IllegalArgumentException("profile: " + Quoted.of(name)
          + " (expected: 1 to 32 of [a-z0-9-], and not the name of an EST operation)");
    }
    if (validity.compareTo(MIN_VALIDITY) < 0) {
      throw new IllegalArgumentException("validity of profile " + name + ": " + validity
          + " (expected: at least " + MIN_VALIDITY + ")");
    }
    if (keys.isEmpty()) {
      throw new IllegalArgumentException(
          "keys of profile " + name + ": none (expected: at least one kind)");
    }
  }

  /** The one without a name: for all devices, and with keys of every kind. */
  public static DeviceProfile base(Duration validity) {
    return new DeviceProfile(null, validity, List.of(KeyKind.values()), List.of());
  }

  boolean isFor(FleetName fleet) {
    return fleets.isEmpty() || fleets.contains(fleet);
  }
}
