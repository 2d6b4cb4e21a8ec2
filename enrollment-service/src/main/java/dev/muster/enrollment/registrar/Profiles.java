/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.csr.KeyKind;
import dev.muster.enrollment.registrar.EnrollmentDecision.Refuse;
import dev.muster.protocol.identity.DeviceSubject;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The profiles under which devices get certificates.
 *
 * @param base for whoever asks for no other
 * @param named those with a label of their own
 */
public record Profiles(DeviceProfile base, List<DeviceProfile> named) {
  /** @throws IllegalArgumentException if two have one name */
  public Profiles {
    requireNonNull(base, "base");
    named = List.copyOf(named);
    long names = named.stream().map(DeviceProfile::name).distinct().count();
    if (names < named.size()) {
      throw new IllegalArgumentException("profiles: two of one name (expected: one)");
    }
  }

  /** The profile that a label names. */
  public Optional<DeviceProfile> find(@Nullable String name) {
    return named.stream()
        .filter(profile -> profile.name() != null && profile.name().equals(name))
        .findFirst();
  }

  /** The label's profile; else that of the certificate being renewed; else the base one. */
  public DeviceProfile of(EnrollmentRequest request) {
    @Nullable DeviceProfile wished = request.label().profile();
    if (wished != null) {
      return wished;
    }
    return request instanceof EnrollmentRequest.Renewal renewal
        ? find(renewal.presented().profile()).orElse(base)
        : base;
  }

  /** Why a device may not have a certificate like that; empty if it may. */
  static Optional<EnrollmentDecision> refusal(
      DeviceProfile profile, DeviceSubject subject, EnrollmentRequest request) {
    if (!profile.isFor(subject.fleet())) {
      return Optional.of(
          new Refuse(RefusalReason.FORBIDDEN, "label: not a profile that this device may have"));
    }
    KeyKind kind = KeyKind.of(request.csr().key());
    return profile.keys().contains(kind)
        ? Optional.empty()
        : Optional.of(new Refuse(
            RefusalReason.BAD_REQUEST,
            "publicKey: " + kind.label() + " (expected: "
                + profile.keys().stream().map(KeyKind::label).collect(Collectors.joining(" or "))
                + ")"));
  }
}
