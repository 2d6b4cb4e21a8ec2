/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static java.util.Objects.requireNonNull;

/**
 * What the policy says to one request.
 *
 * @param allowed whether it may be done
 * @param rule the rule that decided, as its place in the policy file, for example
 *     {@code roles.device.publish[0]}; {@code default} if none spoke
 * @param detail why, in words that the client may know
 */
public record Decision(boolean allowed, String rule, String detail) {
  public Decision {
    requireNonNull(rule, "rule");
    requireNonNull(detail, "detail");
  }

  /** @param rule as in the record */
  public static Decision allow(String rule) {
    return new Decision(true, rule, "allowed");
  }

  /** @param rule as in the record */
  public static Decision deny(String rule, String detail) {
    return new Decision(false, rule, detail);
  }

  static Decision denyByDefault(String detail) {
    return deny("default", detail);
  }
}
