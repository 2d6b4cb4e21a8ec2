/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import dev.muster.broker.CoreConfig;
import dev.muster.broker.settings.BrokerSettings;
import dev.muster.broker.settings.Settings;
import dev.muster.broker.settings.TelemetrySettings;
import dev.muster.broker.telemetry.TelemetryConfig;
import java.net.URI;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code muster.yaml} in the folder of the extension; paths in it are relative to that folder.
 *
 * @param operator null: there is no operator API
 */
record StandAloneSettings(CoreConfig core, @Nullable OperatorConfig operator) {
  private static final String FILE = "muster.yaml";
  /** What HiveMQ grants unless its config.xml says otherwise. */
  private static final int HIVEMQ_MAX_KEEP_ALIVE_SECONDS = 65_535;

  /**
   * Reads the file and the environment ({@code MUSTER_...}), which goes before it.
   *
   * @param home the folder of the extension
   * @param data HiveMQ's folder of data
   * @throws dev.muster.broker.settings.InvalidSettingsException naming every problem at once
   */
  static StandAloneSettings read(Path home, Path data, Map<String, String> environment) {
    Settings settings = Settings.read(home.resolve(FILE), environment, Map.of());
    Optional<CoreConfig> core = core(settings, home, data);
    OperatorConfig operator = operator(settings, home);
    settings.finish();
    return new StandAloneSettings(core.orElseThrow(), operator);
  }

  private static Optional<CoreConfig> core(Settings settings, Path home, Path data) {
    String name = settings.text("name", CoreConfig.DEFAULT_NAME);
    Path directory =
        home.resolve(settings.text("directory", data.resolve("muster").toString()));
    Path deviceCa = file(settings, home, "deviceCa", "device-ca.pem");
    Path serviceCa = file(settings, home, "serviceCa", "service-ca.pem");
    Path policy = file(settings, home, "policy", "policy.yaml");
    URI crls = settings.<@Nullable URI>value("crls", null, URI::create, "a URL that ends with /");
    BrokerSettings broker = BrokerSettings.read(settings);
    int keepAlive =
        settings.integer("maxKeepAliveSeconds", HIVEMQ_MAX_KEEP_ALIVE_SECONDS, 1, 65_535);
    TelemetryConfig telemetry = TelemetrySettings.read(settings, home);
    return settings.check(
        FILE,
        () -> new CoreConfig(
            name,
            directory,
            deviceCa,
            serviceCa,
            policy,
            crls,
            broker.crlRefresh(),
            broker.crlGrace(),
            keepAlive,
            telemetry));
  }

  private static @Nullable OperatorConfig operator(Settings settings, Path home) {
    boolean enabled = settings.flag("operator.enabled", true);
    OperatorConfig config = new OperatorConfig(
        settings.text("operator.host", "127.0.0.1"),
        settings.port("operator.port", 9443),
        file(settings, home, "operator.key", "operator-key.pem"),
        file(settings, home, "operator.chain", "operator-chain.pem"),
        file(settings, home, "operator.token", "operator-token"));
    return enabled ? config : null;
  }

  private static Path file(Settings settings, Path home, String key, String otherwise) {
    return home.resolve(settings.text(key, otherwise));
  }
}
