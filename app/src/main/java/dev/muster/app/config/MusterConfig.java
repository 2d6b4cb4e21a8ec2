/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.app.UserError;
import dev.muster.broker.settings.BrokerSettings;
import dev.muster.broker.settings.InvalidSettingsException;
import dev.muster.broker.settings.Settings;
import dev.muster.broker.settings.TelemetrySettings;
import dev.muster.broker.telemetry.TelemetryConfig;
import dev.muster.coap.CoapsConfig;
import dev.muster.protocol.identity.FleetName;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that can be set, checked.
 *
 * @param host the address to listen on
 * @param hostNames the names and addresses by which devices and operators reach this server; they
 *     stand in its certificate
 * @param fleet where a device belongs if neither its manufacturer nor a manifest says so
 * @param operators what starts with {@code operators.}
 * @param enrollment what starts with {@code enrollment.}
 * @param broker what starts with {@code broker.}
 * @param telemetryDtls the limits of telemetry over CoAP
 * @param telemetry what starts with {@code telemetry.}
 */
public record MusterConfig(
    String host,
    List<String> hostNames,
    FleetName fleet,
    Ports ports,
    String metricsHost,
    OperatorSettings operators,
    EnrollmentSettings enrollment,
    BrokerSettings broker,
    CoapsConfig.Limits telemetryDtls,
    TelemetryConfig telemetry) {

  /**
   * What can be listened on; 0 lets the system pick.
   *
   * @param coaps of EST; null for not at all
   * @param telemetryCoaps of telemetry over CoAP; null for not at all
   */
  public record Ports(
      int est,
      int operator,
      int mqtt,
      int http,
      int metrics,
      @Nullable Integer coaps,
      @Nullable Integer telemetryCoaps) {
    /** Without CoAP. */
    public Ports(int est, int operator, int mqtt, int http, int metrics) {
      this(est, operator, mqtt, http, metrics, null, null);
    }
  }

  /** How EST is served over CoAP; null if it is not. */
  public @Nullable CoapsConfig coaps() {
    return ports.coaps == null ? null : enrollment.est().coapsOn(host, ports.coaps);
  }

  /** How telemetry is taken over CoAP; null if it is not. */
  public @Nullable CoapsConfig telemetryCoaps() {
    return ports.telemetryCoaps == null
        ? null
        : new CoapsConfig(host, ports.telemetryCoaps, telemetryDtls);
  }

  public MusterConfig {
    hostNames = List.copyOf(hostNames);
  }

  /**
   * Reads {@code muster.yaml}, the environment ({@code MUSTER_...}) and flags, in rising order.
   *
   * @param flags settings by dotted key
   * @throws UserError naming every problem at once
   */
  public static MusterConfig read(
      Path file, Map<String, String> environment, Map<String, String> flags) {
    try {
      return read(Settings.read(file, environment, flags));
    } catch (InvalidSettingsException e) {
      throw new UserError(
          String.valueOf(e.getMessage()),
          "muster init --data NEW-DIR writes a muster.yaml with every setting and its meaning");
    }
  }

  private static MusterConfig read(Settings settings) {
    MusterConfig config = new MusterConfig(
        settings.text("host", "0.0.0.0"),
        settings.list("hostNames", List.of("localhost", "127.0.0.1")),
        settings.value("fleet", new FleetName("default"), FleetName::new, "1 to 32 of [a-z0-9-]"),
        new Ports(
            settings.port("ports.est", 8443),
            settings.port("ports.operator", 9443),
            settings.port("ports.mqtt", 8883),
            settings.port("ports.http", 8080),
            settings.port("ports.metrics", 9090),
            portOrNone(settings, "ports.coaps"),
            portOrNone(settings, "ports.telemetryCoaps")),
        settings.text("metricsHost", "127.0.0.1"),
        OperatorSettings.read(settings),
        EnrollmentSettings.read(settings),
        BrokerSettings.read(settings),
        DtlsLimits.read(settings, "broker"),
        TelemetrySettings.read(settings, Path.of("")));
    settings.check("ports.coaps", config::withoutContradiction);
    settings.finish();
    return config;
  }

  private static @Nullable Integer portOrNone(Settings settings, String key) {
    return settings.<@Nullable Integer>value(
        key, null, MusterConfig::portOrNone, "none, or a number from 0 to 65535");
  }

  private static @Nullable Integer portOrNone(String value) {
    if (value.equals("none")) {
      return null;
    }
    int port = Integer.parseInt(value);
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException();
    }
    return port;
  }

  private MusterConfig withoutContradiction() {
    if (ports.coaps != null && enrollment.est().requireChannelBinding()) {
      throw new IllegalArgumentException(ports.coaps
          + " (expected: none with enrollment.requireChannelBinding, as DTLS tells no channel"
          + " binding)");
    }
    return this;
  }

  /** A muster.yaml that changes nothing and explains everything. */
  public static String commentedYaml() {
    return """
        # Muster's settings. Everything commented out shows its default.
        # Each can also be given as an environment variable (ports.est: MUSTER_PORTS_EST)
        # or as a flag (--set ports.est=8443), in rising order of precedence.

        # The address to listen on.
        # host: 0.0.0.0

        # The names and addresses by which devices and operators reach this server.
        # They stand in its certificate, which is issued anew when they change.
        # hostNames: [localhost, 127.0.0.1]

        # Where a device belongs if neither its manufacturer nor a manifest says so.
        # fleet: default

        ports:
          # est: 8443        # enrollment: EST over HTTPS
          # operator: 9443   # operator API, TLS
          # mqtt: 8883       # MQTT over mutual TLS
          # http: 8080       # CRLs, plain HTTP: they carry their own signature
          # metrics: 9090    # health and Prometheus metrics
          # coaps: none      # EST over CoAP and DTLS, UDP; 5684 is the usual port
          # telemetryCoaps: none   # telemetry over CoAP and DTLS, UDP; 5685 for example

        # Health and metrics are for this machine alone unless you say otherwise.
        # metricsHost: 127.0.0.1

        """ + OperatorSettings.COMMENTED_YAML + "\n" + EnrollmentSettings.COMMENTED_YAML + "\n"
        + BrokerSettings.COMMENTED_YAML + "  limits:\n"
        + DtlsLimits.commentedYaml("telemetry over CoAP (ports.telemetryCoaps)") + "\n"
        + TelemetrySettings.COMMENTED_YAML;
  }
}
