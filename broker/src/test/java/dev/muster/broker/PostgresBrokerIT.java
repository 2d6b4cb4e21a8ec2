/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.retention.Retention;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A broker whose telemetry is in PostgreSQL, and mosquitto_pub. */
class PostgresBrokerIT {
  @TempDir
  static Path folder;

  private static EmbeddedPostgres server;
  private static BrokerFixture fixture;
  private static OperatorApi api;

  @BeforeAll
  static void start() throws Exception {
    server = EmbeddedPostgres.builder().setServerConfig("fsync", "on").start();
    Path password = Files.writeString(folder.resolve("password"), "not asked for\n");
    TelemetryStorage.Server database = new TelemetryStorage.Server(
        server.getJdbcUrl("ignored", "postgres").replaceAll("\\?.*", ""), "postgres", password);
    fixture = new BrokerFixture(folder);
    fixture.start(
        fixture.config(
            0,
            null,
            Duration.ofMillis(500),
            new TelemetryConfig(database, Retention.DEFAULT, IntakeLimits.DEFAULT)),
        sink -> sink);
    api = OperatorApi.of(fixture);
  }

  @AfterAll
  static void stop() throws Exception {
    fixture.close();
    server.close();
  }

  @Test
  void telemetryAndTwin_areKeptThere_andFoundAgain() {
    fixture.device("p1");
    new Mosquitto(fixture)
        .pub(
            "p1", "p1", "-q", "1", "-t", "fleets/f1/devices/p1/telemetry/env", "-m", "{\"t\":21.5}")
        .expectSuccess();
    assertThat(api.get("/telemetry/latest?device=p1")
            .getJsonArray("values")
            .getJsonObject(0)
            .getDouble("value"))
        .isEqualTo(21.5);
    JsonArray series = api.get("/devices/p1/telemetry").getJsonArray("series");
    assertThat(series.getJsonObject(0).getJsonArray("points")).hasSize(1);
    await()
        .until(
            () -> fixture.meters.get("muster.telemetry.rollup.behind").gauge().value() == 0);
    JsonObject twin = api.patch("/devices/p1/twin", "{\"interval\":5}");
    assertThat(twin.toString()).contains("interval");
    assertThat(fixture.broker().problem()).isEmpty();
    assertThat(folder.resolve("broker/telemetry.mv.db")).doesNotExist();
  }
}
