/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The extension inside HiveMQ: hands its events to the decisions of the other packages, and carries
 * out what they decide. Only this package and the one above know HiveMQ.
 */
@NullMarked
package dev.muster.broker.mqtt;

import org.jspecify.annotations.NullMarked;
