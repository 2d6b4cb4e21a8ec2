/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import dev.muster.device.internal.loop.EventLoop;
import dev.muster.device.internal.tls.TlsIdentity;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * How to connect.
 *
 * @param broker {@code mqtts://host:port}
 * @param connectTimeout from the first packet of TCP to the CONNACK
 * @param loop the device's thread, on which the link may run what does not block: all of it, or
 *     keep-alive and time limits
 * @param threads run what may wait: for names, and for a handshake; {@code connectTimeout} is from
 *     when they have begun
 */
public record LinkSettings(
    URI broker,
    String clientId,
    TlsIdentity identity,
    Duration connectTimeout,
    Duration keepAlive,
    EventLoop loop,
    Executor threads) {}
