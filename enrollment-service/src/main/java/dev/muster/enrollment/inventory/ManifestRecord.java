/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A manifest that was taken in.
 *
 * @param sha256 of the file as it came
 * @param signer subject of its signer's certificate; null if it was not signed
 * @param added how many of its rows told something new
 * @param refused how many of its rows could not be used
 */
public record ManifestRecord(
    String manufacturer,
    String sha256,
    @Nullable String signer,
    int added,
    int refused,
    Instant importedAt) {}
