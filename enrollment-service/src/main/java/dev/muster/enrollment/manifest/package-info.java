/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Manifests: what a manufacturer announces about its devices, and who says so. */
@NullMarked
package dev.muster.enrollment.manifest;

import org.jspecify.annotations.NullMarked;
