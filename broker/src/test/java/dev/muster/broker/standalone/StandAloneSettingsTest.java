/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.broker.settings.InvalidSettingsException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StandAloneSettingsTest {
  private static final Path DATA = Path.of("/hivemq/data");

  @TempDir
  Path home;

  private StandAloneSettings read(String yaml) throws IOException {
    Files.writeString(home.resolve("muster.yaml"), yaml);
    return StandAloneSettings.read(home, DATA, Map.of());
  }

  @Test
  void settings_ofTheZip_changeNothing() throws IOException {
    Path shipped = Path.of(System.getProperty("muster.root"))
        .resolve("hivemq-extension/src/main/extension/muster.yaml");
    StandAloneSettings defaults = StandAloneSettings.read(home, DATA, Map.of());
    assertThat(read(Files.readString(shipped))).isEqualTo(defaults);
    assertThat(defaults.core().directory()).isEqualTo(DATA.resolve("muster"));
    assertThat(defaults.core().crls()).isNull();
    assertThat(defaults.core().policyFile()).isEqualTo(home.resolve("policy.yaml"));
    assertThat(defaults.operator().host()).isEqualTo("127.0.0.1");
  }

  @Test
  void settings_ofFileAndEnvironment_areRead() throws IOException {
    Files.writeString(home.resolve("muster.yaml"), """
        name: cell-1
        directory: /var/lib/muster
        crls: http://localhost:8080/crl/
        broker: {crlRefresh: 10s}
        telemetry: {retention: {raw: 7d}}
        operator: {enabled: false}
        """);
    StandAloneSettings settings =
        StandAloneSettings.read(home, DATA, Map.of("MUSTER_MAX_KEEP_ALIVE_SECONDS", "600"));
    assertThat(settings.core().name()).isEqualTo("cell-1");
    assertThat(settings.core().directory()).isEqualTo(Path.of("/var/lib/muster"));
    assertThat(settings.core().crls()).isEqualTo(URI.create("http://localhost:8080/crl/"));
    assertThat(settings.core().crlRefresh()).isEqualTo(Duration.ofSeconds(10));
    assertThat(settings.core().telemetry().retention().raw()).isEqualTo(Duration.ofDays(7));
    assertThat(settings.core().maxKeepAliveSeconds()).isEqualTo(600);
    assertThat(settings.operator()).isNull();
  }

  @Test
  void wrongSettings_areNamedTogether() {
    assertThatThrownBy(() -> read("""
            crls: http://localhost:8080/crl
            operator: {port: none}
            mqttPort: 8883
            """))
        .isInstanceOf(InvalidSettingsException.class)
        .hasMessageContaining("crls: http://localhost:8080/crl (expected: a URL that ends with /)")
        .hasMessageContaining("operator.port: \"none\" (expected: a number from 0 to 65535)")
        .hasMessageContaining("mqttPort: unknown setting");
  }
}
