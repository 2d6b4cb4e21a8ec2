/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.settings;

import dev.muster.broker.telemetry.IntakeLimits;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.broker.telemetry.TelemetryStorage;
import dev.muster.broker.telemetry.retention.Retention;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What can be set of the telemetry. */
public final class TelemetrySettings {
  public static final String COMMENTED_YAML = """
      telemetry:
        # How long it is kept: messages and their values, and what they were in a minute, an hour, a
        # day (count, least, most, mean, last).
        retention:
          # raw: 30d
          # 1m: 90d
          # 1h: 730d
          # 1d: 3650d
        # How far a message's time may lie ahead of ours; beyond, it is kept aside until it has come.
        # futureTolerance: 5m
        # How many messages of a device are kept aside, and how many bytes; beyond, the oldest go.
        deadLetters:
          # count: 1000
          # bytes: 4194304
        # How many bytes may be acknowledged that the database in DATA/broker has not taken yet, where
        # more is sent than it takes: values are shown as they come then, and found by questions the
        # later. Without it, what it takes in about two seconds; the rest waits with the devices.
        journal:
          # bytes: 268435456
        # A PostgreSQL server in place of the database in DATA/broker, with a database that nothing
        # else uses, and no other broker. The file holds the password alone.
        database:
          # url: jdbc:postgresql://localhost/telemetry
          # user: muster
          # passwordFile: /etc/muster/database-password
      """;

  private TelemetrySettings() {}

  /** @param base what a relative path of a file starts from */
  public static TelemetryConfig read(Settings settings, Path base) {
    return new TelemetryConfig(
        database(settings, base),
        new Retention(
            kept(settings, "raw", Retention.DEFAULT.raw()),
            kept(settings, "1m", Retention.DEFAULT.minutes()),
            kept(settings, "1h", Retention.DEFAULT.hours()),
            kept(settings, "1d", Retention.DEFAULT.days())),
        intake(settings));
  }

  private static IntakeLimits intake(Settings settings) {
    IntakeLimits otherwise = IntakeLimits.DEFAULT;
    return new IntakeLimits(
        settings.duration(
            "telemetry.futureTolerance",
            otherwise.futureTolerance(),
            Duration.ZERO,
            Duration.ofDays(36_500)),
        settings.integer(
            "telemetry.deadLetters.count", otherwise.deadLetters(), 1, Integer.MAX_VALUE),
        settings.integer(
            "telemetry.deadLetters.bytes", (int) otherwise.deadLetterBytes(), 1, Integer.MAX_VALUE),
        settings.integer(
            "telemetry.journal.bytes", (int) otherwise.journalBytes(), 0, Integer.MAX_VALUE));
  }

  private static Duration kept(Settings settings, String tier, Duration otherwise) {
    return settings.duration(
        "telemetry.retention." + tier, otherwise, Duration.ofMinutes(1), Duration.ofDays(36_500));
  }

  private static TelemetryStorage.@Nullable Server database(Settings settings, Path base) {
    String url = settings.text("telemetry.database.url", "");
    String user = settings.text("telemetry.database.user", "muster");
    String passwordFile = settings.text("telemetry.database.passwordFile", "");
    return settings.<TelemetryStorage.@Nullable Server>value(
        "telemetry.database.url",
        null,
        value -> new TelemetryStorage.Server(
            url, user, passwordFile.isEmpty() ? null : base.resolve(passwordFile)),
        "jdbc:postgresql://HOST/DATABASE, without a password");
  }
}
