/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.issuance.RevocationReason;
import java.math.BigInteger;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A certificate taken back, as far as a CRL is concerned.
 *
 * @param shard the part of the issuer's CRLs it belongs to; 0 for the complete CRL alone
 * @param invalidSince since when its key may be known to others; null if nobody said so
 */
public record TakenBack(
    BigInteger serial,
    int shard,
    Instant notAfter,
    RevocationReason reason,
    Instant revokedAt,
    @Nullable Instant invalidSince) {}
