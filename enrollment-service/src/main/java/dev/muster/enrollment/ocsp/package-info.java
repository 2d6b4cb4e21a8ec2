/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * Says of one certificate at a time how things stand with it (RFC 6960, in the profile of RFC 5019
 * and RFC 9919), from the registry as it is at that moment.
 */
@NullMarked
package dev.muster.enrollment.ocsp;

import org.jspecify.annotations.NullMarked;
