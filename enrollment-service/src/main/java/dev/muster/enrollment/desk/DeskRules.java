/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.crypto.CryptoProviders;
import dev.muster.enrollment.csr.BlockedKeys;
import dev.muster.enrollment.hook.EnrollmentHook;
import org.jspecify.annotations.Nullable;

/**
 * What holds for every request, whoever asks.
 *
 * @param crypto verifies signatures
 * @param blocked keys that prove nothing and are certified for nobody
 * @param hook asked before a device with an IDevID is let in; null if nobody is
 * @param requireChannelBinding whether a request must be linked to its connection (RFC 7030, 3.5)
 * @param requestsPerDevice in a minute
 * @param requestsPerManufacturer first requests of all its devices in a minute
 */
public record DeskRules(
    CryptoProviders crypto,
    BlockedKeys blocked,
    boolean requireChannelBinding,
    @Nullable EnrollmentHook hook,
    int requestsPerDevice,
    int requestsPerManufacturer) {
  public DeskRules {
    requireNonNull(crypto, "crypto");
    requireNonNull(blocked, "blocked");
  }
}
