/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.telemetry;

import static java.util.Objects.requireNonNull;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Where telemetry is kept.
 *
 * @param directory of the embedded database; not used with a server
 * @param server a PostgreSQL server in place of the embedded database; null for none
 */
public record TelemetryStorage(Path directory, @Nullable Server server) {
  public TelemetryStorage {
    requireNonNull(directory, "directory");
  }

  /**
   * A PostgreSQL server.
   *
   * @param url as JDBC wants it: {@code jdbc:postgresql://host/database?sslmode=verify-full}
   * @param passwordFile holds the password alone; null if the server asks for none
   */
  public record Server(String url, String user, @Nullable Path passwordFile) {
    private static final String PREFIX = "jdbc:postgresql:";

    /** @throws IllegalArgumentException if that is no URL of a PostgreSQL server */
    public Server {
      requireNonNull(user, "user");
      if (!url.startsWith(PREFIX) || url.contains("password=")) {
        throw new IllegalArgumentException(
            "telemetry.database.url: (expected: jdbc:postgresql://HOST/DATABASE, without a password)");
      }
    }
  }
}
