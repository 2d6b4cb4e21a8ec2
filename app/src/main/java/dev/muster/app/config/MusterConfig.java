/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
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
 * @param publicHttpUrl where CRLs can be fetched from outside; null: this host's own HTTP port
 */
public record MusterConfig(
    String host,
    List<String> hostNames,
    FleetName fleet,
    Ports ports,
    String metricsHost,
    @Nullable URI publicHttpUrl,
    Duration deviceCertificateValidity,
    Duration crlValidity,
    Duration crlInterval,
    Duration crlRefresh,
    Duration crlGrace) {

  /** What can be listened on; 0 lets the system pick. */
  public record Ports(int est, int operator, int mqtt, int http, int metrics) {}

  public MusterConfig {
    hostNames = List.copyOf(hostNames);
  }

  /**
   * Reads {@code muster.yaml}, the environment ({@code MUSTER_...}) and flags, in rising order.
   *
   * @param flags settings by dotted key
   * @throws dev.muster.app.UserError naming every problem at once
   */
  public static MusterConfig read(
      Path file, Map<String, String> environment, Map<String, String> flags) {
    Settings settings = Settings.read(file, environment, flags);
    Duration second = Duration.ofSeconds(1);
    Duration minute = Duration.ofMinutes(1);
    MusterConfig config = new MusterConfig(
        settings.text("host", "0.0.0.0"),
        settings.list("hostNames", List.of("localhost", "127.0.0.1")),
        settings.value("fleet", new FleetName("default"), FleetName::new, "1 to 32 of [a-z0-9-]"),
        new Ports(
            settings.port("ports.est", 8443),
            settings.port("ports.operator", 9443),
            settings.port("ports.mqtt", 8883),
            settings.port("ports.http", 8080),
            settings.port("ports.metrics", 9090)),
        settings.text("metricsHost", "127.0.0.1"),
        settings.<@Nullable URI>value(
            "enrollment.publicHttpUrl",
            null,
            MusterConfig::httpUrl,
            "a URL such as http://crl.example.com"),
        settings.duration(
            "enrollment.certificateValidity", Duration.ofDays(30), minute, Duration.ofDays(825)),
        settings.duration(
            "enrollment.crlValidity", Duration.ofDays(1), minute, Duration.ofDays(30)),
        settings.duration(
            "enrollment.crlInterval", Duration.ofHours(1), second, Duration.ofDays(7)),
        settings.duration("broker.crlRefresh", Duration.ofMinutes(5), second, Duration.ofDays(1)),
        settings.duration(
            "broker.crlGrace", Duration.ofHours(1), Duration.ZERO, Duration.ofDays(7)));
    settings.finish();
    return config;
  }

  private static URI httpUrl(String value) {
    URI url = URI.create(value);
    if (!"http".equals(url.getScheme()) || url.getHost() == null) {
      throw new IllegalArgumentException(value);
    }
    return url;
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

        # Health and metrics are for this machine alone unless you say otherwise.
        # metricsHost: 127.0.0.1

        enrollment:
          # Where CRLs can be fetched from outside; it stands in every certificate.
          # publicHttpUrl: http://localhost:8080
          # How long an operational certificate lives; devices renew after two thirds.
          # certificateValidity: 30d
          # How long a CRL may be relied on, and how often a new one is made without need.
          # crlValidity: 1d
          # crlInterval: 1h

        broker:
          # How often CRLs are fetched, besides being pushed at each revocation.
          # crlRefresh: 5m
          # How long after its nextUpdate a CRL is still relied on. Then nobody is let in.
          # crlGrace: 1h
        """;
  }
}
