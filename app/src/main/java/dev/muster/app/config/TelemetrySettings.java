/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.retention.Retention;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What can be set of the telemetry. */
final class TelemetrySettings {
  static final String COMMENTED_YAML = """
      telemetry:
        # How long it is kept: messages and their values, and what they were in a minute, an hour, a
        # day (count, least, most, mean, last).
        retention:
          # raw: 30d
          # 1m: 90d
          # 1h: 730d
          # 1d: 3650d
        # A PostgreSQL server in place of the database in DATA/broker, with a database that nothing
        # else uses; several brokers may share it. The file holds the password alone.
        database:
          # url: jdbc:postgresql://localhost/telemetry
          # user: muster
          # passwordFile: /etc/muster/database-password
      """;

  private TelemetrySettings() {}

  static TelemetryConfig read(Settings settings) {
    return new TelemetryConfig(
        database(settings),
        new Retention(
            kept(settings, "raw", Retention.DEFAULT.raw()),
            kept(settings, "1m", Retention.DEFAULT.minutes()),
            kept(settings, "1h", Retention.DEFAULT.hours()),
            kept(settings, "1d", Retention.DEFAULT.days())));
  }

  private static Duration kept(Settings settings, String tier, Duration otherwise) {
    return settings.duration(
        "telemetry.retention." + tier, otherwise, Duration.ofMinutes(1), Duration.ofDays(36_500));
  }

  private static TelemetryStorage.@Nullable Server database(Settings settings) {
    String url = settings.text("telemetry.database.url", "");
    String user = settings.text("telemetry.database.user", "muster");
    String passwordFile = settings.text("telemetry.database.passwordFile", "");
    return settings.<TelemetryStorage.@Nullable Server>value(
        "telemetry.database.url",
        null,
        value -> new TelemetryStorage.Server(
            url, user, passwordFile.isEmpty() ? null : Path.of(passwordFile)),
        "jdbc:postgresql://HOST/DATABASE, without a password");
  }
}
