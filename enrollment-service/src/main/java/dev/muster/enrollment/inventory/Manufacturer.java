/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.CertificateLink;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A maker of devices, whose IDevIDs we accept.
 *
 * @param name 1 to 32 of {@code [a-z0-9-]}, starting with a letter or digit: device ids begin with
 *     it
 * @param distrust null if it is trusted
 * @param cas trust anchors of its IDevIDs
 */
public record Manufacturer(
    String name, ManufacturerPolicy policy, @Nullable Distrust distrust, List<ManufacturerCa> cas) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /** @throws IllegalArgumentException if the name does not keep to the grammar */
  public Manufacturer {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("name: " + Quoted.of(name)
          + " (expected: 1 to 32 of [a-z0-9-], starting with a letter or digit)");
    }
    requireNonNull(policy, "policy");
    cas = List.copyOf(cas);
  }

  /** One on the strict terms, whose CAs are proven. */
  public Manufacturer(
      String name, Admission admission, @Nullable FleetName fleet, List<X509Certificate> cas) {
    this(
        name,
        ManufacturerPolicy.of(admission, fleet),
        null,
        cas.stream().map(ca -> ManufacturerCa.proven(ca, Instant.EPOCH)).toList());
  }

  public Admission admission() {
    return policy.admission();
  }

  /** Where its devices belong; null for the default fleet. */
  public @Nullable FleetName fleet() {
    return policy.fleet();
  }

  /** The CA of that certificate. */
  public Optional<ManufacturerCa> ca(X509Certificate certificate) {
    return cas.stream().filter(ca -> ca.certificate().equals(certificate)).findFirst();
  }

  /**
   * Why a CA is not trusted: a CA below one that is doubted is doubted as well (each at most once:
   * no CA is above itself). Null if it is trusted.
   */
  public @Nullable Distrust distrustOf(ManufacturerCa ca) {
    List<ManufacturerCa> above = new ArrayList<>(List.of(ca));
    for (int i = 0; i < above.size(); i++) {
      ManufacturerCa below = above.get(i);
      if (below.distrust() != null) {
        return below.distrust();
      }
      cas.stream()
          .filter(one -> !above.contains(one)
              && CertificateLink.issued(one.certificate(), below.certificate()))
          .forEach(above::add);
    }
    return null;
  }

  /** The same on other terms. */
  public Manufacturer with(ManufacturerPolicy terms) {
    return new Manufacturer(name, terms, distrust, cas);
  }

  /** The same, trusted or not. */
  public Manufacturer with(@Nullable Distrust doubt) {
    return new Manufacturer(name, policy, doubt, cas);
  }

  /** The name of a device that was given none; not always one that a device may have. */
  public static String template(String manufacturer, String serial) {
    return (manufacturer + "-" + serial).toLowerCase(Locale.ROOT);
  }

  /**
   * Whether devices of the two could come to the same name: {@code a} + {@code b-c} is {@code a-b}
   * + {@code c}.
   */
  public static boolean namesOverlap(String one, String other) {
    return one.startsWith(other + "-") || other.startsWith(one + "-");
  }
}
