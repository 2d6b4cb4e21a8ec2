/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.modular;

import dev.muster.device.FleetDevice;
import dev.muster.device.MqttClient;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A program that has the SDK as a module; in a package that the module has not. */
final class ModularProgram {
  private ModularProgram() {}

  /**
   * @param args folder of the fleet's files, state directory, enrollment URI, broker URI, client
   */
  public static void main(String[] args) throws Exception {
    Path fleet = Path.of(args[0]);
    try (FleetDevice device = FleetDevice.builder()
        .enrollment(URI.create(args[2]))
        .broker(URI.create(args[3]))
        .trust(fleet.resolve("root.pem"))
        .factoryIdentity(fleet.resolve("idevid.key"), fleet.resolve("idevid.pem"))
        .stateDirectory(Path.of(args[1]))
        .mqttClient(MqttClient.valueOf(args[4]))
        .build()) {
      device.start();
      device.telemetry("env").publish(Map.of("n", 1)).get(60, TimeUnit.SECONDS);
      System.out.println("acknowledged, by " + FleetDevice.class.getModule());
    }
  }
}
