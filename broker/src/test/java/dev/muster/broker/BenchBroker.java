/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.retention.Retention;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Clock;

/**
 * The broker in a process of its own, to be measured. Arguments: a folder with its certificates,
 * its policy and its CRLs; for a store in PostgreSQL its URL and user. Says {@code API PORT} and
 * {@code PORT PORT}, and ends when its input does.
 */
public final class BenchBroker {
  private BenchBroker() {}

  public static void main(String... arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    Vertx vertx = Vertx.vertx();
    try (FleetBroker broker = FleetBroker.start(
        config(folder, arguments),
        vertx,
        PresenceListener.NONE,
        Clock.systemUTC(),
        new SimpleMeterRegistry())) {
      System.out.println("API " + OperatorApi.serve(vertx, broker));
      System.out.println("PORT " + broker.mqttPort());
      while (System.in.read() >= 0) {
        // Until the parent closes it, or is gone.
      }
    }
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }

  private static BrokerConfig config(Path folder, String... arguments) {
    TelemetryConfig telemetry = arguments.length < 3
        ? TelemetryConfig.DEFAULT
        : new TelemetryConfig(
            new TelemetryStorage.Server(arguments[1], arguments[2], null),
            Retention.DEFAULT,
            IntakeLimits.DEFAULT);
    return BrokerChild.configOf(folder, null, telemetry);
  }
}
