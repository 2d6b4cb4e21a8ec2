/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.example;

import dev.muster.device.FleetDevice;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;

final class Quickstart {
  private Quickstart() {}

  public static void main(String[] args) throws InterruptedException {
    Path files = Path.of(args[0]);
    try (FleetDevice device = FleetDevice.builder()
        .enrollment(URI.create("https://localhost:8443"))
        .broker(URI.create("mqtts://localhost:8883"))
        .trust(files.resolve("root.pem"))
        .factoryIdentity(files.resolve("device.key"), files.resolve("chain.pem"))
        .stateDirectory(files.resolve("state"))
        .build()) {
      device.start();
      while (true) {
        device.telemetry("env").publish(Map.of("temperature", 21.4)).exceptionally(failure -> null);
        Thread.sleep(10_000);
      }
    }
  }
}
