/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import io.vertx.core.buffer.Buffer;
import java.time.Instant;

/**
 * A CRL that is out.
 *
 * @param issuer label of the CA: {@code device} or {@code service}
 * @param der not to be changed
 */
public record PublishedCrl(
    String issuer, long number, Instant thisUpdate, Instant nextUpdate, int entries, Buffer der) {}
