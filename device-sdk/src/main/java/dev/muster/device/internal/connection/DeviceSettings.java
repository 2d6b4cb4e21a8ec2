/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.connection;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Claim;
import dev.muster.device.internal.identity.FactoryIdentity;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.mqtt.MqttTransport;
import dev.muster.device.key.KeyVault;
import java.net.URI;
import java.nio.file.Path;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Everything a device is told at its start.
 *
 * @param factoryIdentity with which it enrolls; null if it has none
 * @param claim with which it enrolls, alone or besides; null if it has none
 * @param keys where its keys are made
 */
public record DeviceSettings(
    URI enrollment,
    URI broker,
    TrustAnchors trust,
    @Nullable FactoryIdentity factoryIdentity,
    @Nullable Claim claim,
    KeyVault keys,
    Path stateDirectory,
    DeviceClock clock,
    RandomGenerator random,
    MqttTransport transport,
    DeviceTiming timing)
    implements AutoCloseable {
  /** Lets go of the keys. */
  @Override
  public void close() {
    try (keys;
        factoryIdentity) {
      // Both, whatever becomes of one of them.
    }
  }
}
