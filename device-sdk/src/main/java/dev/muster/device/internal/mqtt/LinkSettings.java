/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.tls.TlsIdentity;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;

/**
 * How to connect.
 *
 * @param broker {@code mqtts://host:port}
 * @param connectTimeout from the first packet of TCP to the CONNACK
 * @param timer runs short, unblocking tasks of the link: keep-alive, time limits
 */
public record LinkSettings(
    URI broker,
    String clientId,
    TlsIdentity identity,
    Duration connectTimeout,
    Duration keepAlive,
    ScheduledExecutorService timer) {}
