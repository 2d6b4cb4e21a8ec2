/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.presence;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * One connection of a device.
 *
 * @param disconnectedAt null: it is there, or its end was not noted yet
 * @param reason why it ended, for people
 * @param mqtt the version of the protocol
 * @param tls the version of TLS
 * @param certificate serial number, lower-case hexadecimal
 */
public record DeviceConnection(
    long id,
    Instant connectedAt,
    @Nullable Instant disconnectedAt,
    @Nullable String reason,
    String address,
    String mqtt,
    String tls,
    String cipher,
    String certificate) {}
