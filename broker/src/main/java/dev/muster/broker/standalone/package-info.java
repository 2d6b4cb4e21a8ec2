/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The broker as an extension in the folder of a HiveMQ that somebody else runs. */
@NullMarked
package dev.muster.broker.standalone;

import org.jspecify.annotations.NullMarked;
