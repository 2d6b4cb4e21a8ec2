/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.mqtt.MqttTransport;
import java.net.URI;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/** Everything a device is told at its start. */
public record DeviceSettings(
    URI enrollment,
    URI broker,
    TrustAnchors trust,
    Credential factoryIdentity,
    Path stateDirectory,
    DeviceClock clock,
    RandomGenerator random,
    MqttTransport transport,
    DeviceTiming timing) {}
