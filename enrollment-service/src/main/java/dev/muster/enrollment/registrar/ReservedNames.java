/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import java.util.Set;

/** Names of our own services, whose certificates are made offline: no device is called so. */
public final class ReservedNames {
  private static final Set<String> NAMES = Set.of("enrollment", "broker", "server");

  private ReservedNames() {}

  public static boolean contains(String name) {
    return NAMES.contains(name);
  }
}
