/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device;

import dev.muster.device.testing.TestFleet;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;

/**
 * A program with a device that publishes until it is killed, and says on standard output of each
 * message when it was stored and when it was acknowledged: {@code S boot seq}, {@code A boot seq}.
 */
final class KillChild {
  /** By this clock, a certificate of 30 days is to be renewed as soon as it is there. */
  static final Clock RENEWING = Clock.offset(Clock.systemUTC(), Duration.ofDays(26));

  private KillChild() {}

  /**
   * @param args folder of the fleet's files, state directory, enrollment URI, broker URI, client
   */
  public static void main(String[] args) throws InterruptedException {
    Path fleet = Path.of(args[0]);
    FleetDevice device = FleetDevice.builder()
        .enrollment(URI.create(args[2]))
        .broker(URI.create(args[3]))
        .trust(fleet.resolve("root.pem"))
        .factoryIdentity(fleet.resolve("idevid.key"), fleet.resolve("idevid.pem"))
        .stateDirectory(Path.of(args[1]))
        .clock(RENEWING)
        .timing(TestTiming.reconnecting(Duration.ofMillis(10), Duration.ofMillis(50)))
        .mqttClient(MqttClient.valueOf(args[4]))
        .build();
    device.start();
    for (int n = 0; ; n++) {
      watch(device.telemetry("load").send(Map.of("n", n)));
      if (n % 20 == 0) {
        watch(device.alarm("alarm", Map.of("n", n)));
      }
      Thread.sleep(2);
    }
  }

  /** Starts it in a JVM of its own. */
  static Process start(
      String classPath,
      TestFleet fleet,
      Path state,
      String enrollment,
      String broker,
      MqttClient client,
      Path out)
      throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath,
            KillChild.class.getName(),
            fleet.folder().toString(),
            state.toString(),
            enrollment,
            broker,
            client.name())
        .redirectOutput(out.toFile())
        .redirectError(out.resolveSibling(out.getFileName() + ".err").toFile())
        .start();
  }

  private static void watch(PublishReceipt receipt) {
    receipt.stored().thenRun(() -> say("S", receipt));
    receipt.acknowledged().thenRun(() -> say("A", receipt));
  }

  private static void say(String what, PublishReceipt receipt) {
    // One write each: a kill must not leave half of it behind and call that a promise.
    System.out.println(
        what + " " + receipt.identity().boot() + " " + receipt.identity().sequence());
  }
}
