/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.device.MqttClient;
import dev.muster.device.Telemetry;
import java.net.URI;
import java.util.Map;
import java.util.concurrent.CountDownLatch;

/** This SDK, enrolled before, and its journal. */
final class Ours implements Client {
  /** In SenML with its time it makes a payload of 200 bytes. */
  private static final Map<String, String> VALUES = Map.of("text", "x".repeat(155));

  private final Link link;
  private final MqttClient mqtt;
  private final CountDownLatch online = new CountDownLatch(1);
  private Telemetry telemetry;

  Ours(Link link, MqttClient mqtt) {
    this.link = link;
    this.mqtt = mqtt;
  }

  @Override
  public void connect() throws InterruptedException {
    FleetDevice device = FleetDevice.builder()
        .enrollment(URI.create("https://localhost:1"))
        .broker(URI.create("mqtts://" + link.host() + ":" + link.port()))
        .mqttClient(mqtt)
        .trust(link.root())
        .factoryIdentity(link.key(), link.chain())
        .stateDirectory(link.folder().resolve("state"))
        .listener(new DeviceListener() {
          @Override
          public void onState(DeviceState state, String reason) {
            if (state == DeviceState.ONLINE) {
              online.countDown();
            }
          }
        })
        .build();
    telemetry = device.telemetry("bench");
    device.start();
    online.await();
  }

  @Override
  public void publish(Runnable acknowledged) {
    telemetry.publish(VALUES).thenRun(acknowledged);
  }
}
