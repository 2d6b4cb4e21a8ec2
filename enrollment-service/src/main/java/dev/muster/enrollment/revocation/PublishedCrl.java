/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.inventory.Crls;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;

/**
 * A CRL that is out.
 *
 * @param issuer id of the CA
 * @param shard the part of the issuer's certificates it is about; 0 for all
 * @param der not to be changed
 */
public record PublishedCrl(
    String issuer,
    int shard,
    long number,
    Instant thisUpdate,
    Instant nextUpdate,
    int entries,
    Buffer der) {
  /** The shard that is none. */
  static final int COMPLETE = 0;

  static PublishedCrl of(String issuer, Crls.Issued issued, byte[] der) {
    return new PublishedCrl(
        issuer,
        issued.shard(),
        issued.number(),
        issued.thisUpdate(),
        issued.nextUpdate(),
        issued.entries(),
        Buffer.buffer(der));
  }

  /** About all certificates of the issuer. */
  boolean isComplete() {
    return shard == COMPLETE;
  }
}
