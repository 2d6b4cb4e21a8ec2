/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A maker of devices, whose IDevIDs we accept.
 *
 * @param name 1 to 32 of {@code [a-z0-9-]}, starting with a letter or digit: device ids begin with
 *     it
 * @param fleet where its devices belong; null for the default fleet
 * @param cas trust anchors of its IDevIDs
 */
public record Manufacturer(
    String name, Admission admission, @Nullable FleetName fleet, List<X509Certificate> cas) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /** @throws IllegalArgumentException if the name does not keep to the grammar */
  public Manufacturer {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("name: " + Quoted.of(name)
          + " (expected: 1 to 32 of [a-z0-9-], starting with a letter or digit)");
    }
    cas = List.copyOf(cas);
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
