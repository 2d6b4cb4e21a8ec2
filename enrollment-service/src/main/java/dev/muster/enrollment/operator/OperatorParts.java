/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.bulk.BulkWork;
import dev.muster.enrollment.csr.CsrVerifier;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.StatusPlaces;
import dev.muster.enrollment.revocation.Departures;
import dev.muster.enrollment.revocation.RevocationPush;
import dev.muster.enrollment.revocation.Revocations;
import dev.muster.enrollment.rollover.RollOver;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What the operator's routes work with.
 *
 * @param places where the status of each new certificate is to be had
 * @param hearsOfConnections whether some broker tells who is connected
 * @param push gives null as long as CRLs go to no broker
 */
public record OperatorParts(
    Registry registry,
    TrustView trust,
    CertificateAuthorities authorities,
    Revocations revocations,
    Departures departures,
    BulkWork bulk,
    CsrVerifier csrs,
    StatusPlaces places,
    RollOver rollOver,
    Clock clock,
    Executor workers,
    BooleanSupplier hearsOfConnections,
    Supplier<@Nullable RevocationPush> push) {}
