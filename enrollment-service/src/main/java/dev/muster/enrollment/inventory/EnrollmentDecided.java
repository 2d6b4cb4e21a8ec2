/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.protocol.identity.DeviceId;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What an operator decided about a key.
 *
 * @param seq its number; later ones have greater ones. 0 until it is kept
 * @param state approved or refused
 * @param waitedFor why the key waited
 * @param remark what he said to it; null if nothing
 * @param by who, as the audit log calls him
 */
public record EnrollmentDecided(
    long seq,
    DeviceId device,
    Fingerprint key,
    PendingEnrollment.State state,
    String waitedFor,
    @Nullable String remark,
    String by,
    Instant at) {}
