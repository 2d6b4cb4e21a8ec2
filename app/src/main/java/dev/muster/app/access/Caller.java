/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who asks.
 *
 * @param operator null for whoever holds the token file of the data directory
 * @param fleets those that he is limited to; none for all
 * @param token the name of the API token by which he asks, if by one; {@code (certificate)} if by
 *     that and in no session
 * @param session the session in which he asks, if in one
 */
record Caller(
    @Nullable String operator,
    Role role,
    List<String> fleets,
    @Nullable String token,
    @Nullable Session session) {
  Caller {
    fleets = List.copyOf(fleets);
  }

  static Caller keyHolder() {
    return new Caller(null, Role.ADMIN, List.of(), null, null);
  }

  /** Whether what is everybody's is his. */
  boolean isAdminOfAll() {
    return role == Role.ADMIN && fleets.isEmpty();
  }

  /** As the audit log calls him. */
  String auditName() {
    return operator == null ? "operator" : auditName(operator) + (token == null ? "" : "/" + token);
  }

  static String auditName(String operator) {
    return "operator:" + operator;
  }
}
