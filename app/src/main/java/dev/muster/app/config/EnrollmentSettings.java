/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.enrollment.inventory.StorageConfig;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What can be set of the enrollment service.
 *
 * @param publicHttpUrl where CRLs can be fetched from outside; null: this host's own HTTP port
 * @param database in place of the embedded one; null for none
 * @param est how EST is served
 */
public record EnrollmentSettings(
    @Nullable URI publicHttpUrl,
    Duration certificateValidity,
    Duration crlValidity,
    Duration crlInterval,
    StorageConfig.@Nullable Server database,
    EstSettings est) {

  static final String COMMENTED_YAML = """
      enrollment:
        # Where CRLs can be fetched from outside; it stands in every certificate.
        # publicHttpUrl: http://localhost:8080
        # How long an operational certificate lives; devices renew after two thirds.
        # certificateValidity: 30d
        # How long a CRL may be relied on, and how often a new one is made without need.
        # crlValidity: 1d
        # crlInterval: 1h
        # A PostgreSQL server in place of the database in DATA/enrollment; several enrollment
        # services with the same CA may share it. The file holds the password alone.
        database:
          # url: jdbc:postgresql://localhost/muster
          # user: muster
          # passwordFile: /etc/muster/database-password
      """ + EstSettings.COMMENTED_YAML;

  static EnrollmentSettings read(Settings settings) {
    Duration second = Duration.ofSeconds(1);
    Duration minute = Duration.ofMinutes(1);
    return new EnrollmentSettings(
        settings.<@Nullable URI>value(
            "enrollment.publicHttpUrl",
            null,
            EnrollmentSettings::httpUrl,
            "a URL such as http://crl.example.com"),
        settings.duration(
            "enrollment.certificateValidity", Duration.ofDays(30), minute, Duration.ofDays(825)),
        settings.duration(
            "enrollment.crlValidity", Duration.ofDays(1), minute, Duration.ofDays(30)),
        settings.duration(
            "enrollment.crlInterval", Duration.ofHours(1), second, Duration.ofDays(7)),
        database(settings),
        EstSettings.read(settings));
  }

  private static StorageConfig.@Nullable Server database(Settings settings) {
    String url = settings.text("enrollment.database.url", "");
    String user = settings.text("enrollment.database.user", "muster");
    String passwordFile = settings.text("enrollment.database.passwordFile", "");
    return settings.<StorageConfig.@Nullable Server>value(
        "enrollment.database.url",
        null,
        value -> new StorageConfig.Server(
            url, user, passwordFile.isEmpty() ? null : Path.of(passwordFile)),
        "jdbc:postgresql://HOST/DATABASE, without a password");
  }

  private static URI httpUrl(String value) {
    URI url = URI.create(value);
    if (!"http".equals(url.getScheme()) || url.getHost() == null) {
      throw new IllegalArgumentException(value);
    }
    return url;
  }
}
