/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** What has to outlive a power cut: an append-only log of records, and which of them are done. */
@NullMarked
package dev.muster.device.internal.journal;

import org.jspecify.annotations.NullMarked;
