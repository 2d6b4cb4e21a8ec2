/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.UserError;
import dev.muster.app.config.MusterConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which data directory, and which settings. */
final class DataOptions {
  private static final List<String> PORTS = List.of("est", "operator", "mqtt", "http", "metrics");

  private final Path defaultData;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Data directory; made at the first start (default: muster-data; demo: muster-demo).")
  @Nullable Path data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "Settings (default: DIR/muster.yaml).")
  @Nullable Path config;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "One setting, for example ports.est=8444.")
  Map<String, String> settings = new LinkedHashMap<>();

  @Option(
      names = "--ephemeral-ports",
      description = "Let the system pick every port; DIR/ports.json tells which.")
  boolean ephemeralPorts;

  DataOptions() {
    this("muster-data");
  }

  /** @param defaultData the data directory if the user names none */
  DataOptions(String defaultData) {
    this.defaultData = Path.of(defaultData);
  }

  Path data() {
    return data == null ? defaultData : data;
  }

  MusterConfig read() {
    return read(Map.of());
  }

  /** @param defaults settings that a command changes, below what the user says with flags */
  MusterConfig read(Map<String, String> defaults) {
    Map<String, String> flags = new LinkedHashMap<>(defaults);
    if (ephemeralPorts) {
      PORTS.forEach(port -> flags.put("ports." + port, "0"));
    }
    flags.putAll(settings);
    if (config != null && !Files.isReadable(config)) {
      throw new UserError("--config: " + config + " cannot be read (expected: a YAML file)");
    }
    return MusterConfig.read(
        config != null ? config : data().resolve("muster.yaml"), System.getenv(), flags);
  }
}
