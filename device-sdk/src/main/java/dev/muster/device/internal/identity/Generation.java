/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.identity;

import dev.muster.protocol.identity.DeviceSubject;

/** One LDevID as it lies in the state directory. */
public record Generation(int number, Credential credential, DeviceSubject subject) {}
