/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/** Peers of a device for its tests: a fleet's certificates, an EST server, a broker. */
@NullMarked
package dev.muster.device.testing;

import org.jspecify.annotations.NullMarked;
