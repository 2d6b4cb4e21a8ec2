/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.protocol.identity.Quoted;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** What an operator may do; each may do all that those before it may. */
public enum Role {
  /** Looks, changes nothing. */
  VIEWER,
  /** Daily work: decides about waiting devices, sends commands, tends dead letters and alarms. */
  OPERATOR,
  /** Who is trusted: manufacturers, certificates, CAs. */
  OFFICER,
  /** Who the operators are. */
  ADMIN;

  boolean includes(Role other) {
    return compareTo(other) >= 0;
  }

  Role atMost(Role other) {
    return includes(other) ? other : this;
  }

  /** Lower case, as in JSON. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException if there is no such role */
  public static Role of(String label) {
    return Arrays.stream(values())
        .filter(role -> role.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("role: " + Quoted.of(label) + " (expected: "
            + Arrays.stream(values()).map(Role::label).collect(Collectors.joining(", ")) + ")"));
  }
}
