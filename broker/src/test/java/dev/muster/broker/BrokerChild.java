/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.telemetry.TelemetryConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A broker in a process of its own, which a test may kill. Prints its ports, and runs until then.
 */
final class BrokerChild {
  private BrokerChild() {}

  /** @param arguments the folder of a {@link BrokerFixture} */
  public static void main(String... arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Vertx vertx = Vertx.vertx();
    FleetBroker broker = FleetBroker.start(
        configOf(folder, null),
        vertx,
        PresenceListener.NONE,
        Clock.systemUTC(),
        new SimpleMeterRegistry());
    System.out.println("API " + OperatorApi.serve(vertx, broker));
    System.out.println("PORT " + broker.mqttPort());
    Thread.currentThread().join();
  }

  static BrokerConfig configOf(Path folder, @Nullable URI crls) {
    return configOf(folder, crls, TelemetryConfig.DEFAULT);
  }

  static BrokerConfig configOf(Path folder, @Nullable URI crls, TelemetryConfig telemetry) {
    CoreConfig core = new CoreConfig(
        CoreConfig.DEFAULT_NAME,
        folder.resolve("broker"),
        folder.resolve("device-ca.pem"),
        folder.resolve("service-ca.pem"),
        folder.resolve("policy.yaml"),
        crls,
        Duration.ofMinutes(5),
        Duration.ofHours(1),
        CoreConfig.DEFAULT_MAX_KEEP_ALIVE_SECONDS,
        telemetry);
    return new BrokerConfig(
        core,
        "127.0.0.1",
        0,
        folder.resolve("server.key"),
        folder.resolve("server.pem"),
        BrokerConfig.Limits.DEFAULT);
  }
}
