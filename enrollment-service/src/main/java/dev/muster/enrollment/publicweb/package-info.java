/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Plain HTTP, for what carries its own signature: CRLs, OCSP answers, CA certificates. Features
 * bring their pages; how HTTP wants them served is known here.
 */
@NullMarked
package dev.muster.enrollment.publicweb;

import org.jspecify.annotations.NullMarked;
