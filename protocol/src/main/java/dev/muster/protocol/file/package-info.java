/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Identities on disk: keys and certificates as PEM, whether they belong together, and writing that
 * a power cut cannot leave half done.
 */
@NullMarked
package dev.muster.protocol.file;

import org.jspecify.annotations.NullMarked;
