/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
/**
 * What firmware embeds: one object that enrolls a device, keeps it connected and sends what it
 * measures.
 */
@NullMarked
package dev.muster.device;

import org.jspecify.annotations.NullMarked;
