/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import dev.muster.protocol.identity.FleetName;
import java.time.Instant;

/**
 * Whether a device is connected.
 *
 * @param fleet of the certificate with which it was seen last
 * @param since when it is so
 * @param reason for people
 */
public record Presence(FleetName fleet, boolean online, Instant since, String reason) {
  /** How an operator or a consumer reads it. */
  public String state() {
    return online ? "online" : "offline";
  }
}
