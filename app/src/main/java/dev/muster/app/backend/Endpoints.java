/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.backend;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.UserError;
import dev.muster.protocol.file.DurableFiles;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * The ports that a running process listens on; null where it does not serve. Kept in
 * {@code DATA/ports.json}.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Endpoints(
    @Nullable Integer est,
    @Nullable Integer operator,
    @Nullable Integer mqtt,
    @Nullable Integer http,
    @Nullable Integer metrics,
    @Nullable Integer coaps,
    @Nullable Integer telemetryCoaps) {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FILE = "ports.json";

  /** What a running process wrote. @throws UserError if none runs here */
  public static Endpoints read(Path data) {
    try {
      return JSON.readValue(data.resolve(FILE).toFile(), Endpoints.class);
    } catch (IOException e) {
      throw new UserError(
          data.toAbsolutePath().normalize().resolve(FILE)
              + ": missing or not readable (expected: a running muster)",
          "name the data directory of the one that runs with --data; or start one with: muster serve --data "
              + data);
    }
  }

  void write(Path data) {
    try {
      DurableFiles.writePublic(data.resolve(FILE), JSON.writeValueAsString(this) + "\n");
    } catch (IOException e) {
      throw new UserError(data.resolve(FILE) + ": cannot be written (" + e.getMessage() + ")");
    }
  }

  static void remove(Path data) {
    try {
      Files.deleteIfExists(data.resolve(FILE));
    } catch (IOException e) {
      // The next start writes it anew; until then a client is told that nothing listens.
    }
  }

  public URI estUrl() {
    return URI.create("https://localhost:" + est);
  }

  public URI operatorUrl() {
    return URI.create("https://localhost:" + operator);
  }

  public URI mqttUrl() {
    return URI.create("mqtts://localhost:" + mqtt);
  }

  /** One line for a person and for a script that waits for it. */
  public String readyLine(Path data) {
    StringJoiner line = new StringJoiner(" ");
    line.add("ready");
    if (est != null) {
      line.add("est=" + estUrl());
    }
    if (operator != null) {
      line.add("operator=" + operatorUrl());
    }
    if (mqtt != null) {
      line.add("mqtt=" + mqttUrl());
    }
    if (http != null) {
      line.add("http=http://localhost:" + http);
    }
    if (metrics != null) {
      line.add("metrics=http://localhost:" + metrics);
    }
    if (coaps != null) {
      line.add("coaps=coaps://localhost:" + coaps);
    }
    if (telemetryCoaps != null) {
      line.add("telemetryCoaps=coaps://localhost:" + telemetryCoaps);
    }
    return line.add("data=" + data).toString();
  }
}
