/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.coap.CoapsConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MusterConfigTest {
  @TempDir
  Path folder;

  private MusterConfig read(String yaml) {
    return read(yaml, Map.of(), Map.of());
  }

  private MusterConfig read(
      String yaml, Map<String, String> environment, Map<String, String> flags) {
    try {
      Path file = Files.writeString(folder.resolve("muster.yaml"), yaml);
      return MusterConfig.read(file, environment, flags);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void read_noFile_givesDefaults() {
    MusterConfig config = MusterConfig.read(folder.resolve("none.yaml"), Map.of(), Map.of());
    assertThat(config.ports()).isEqualTo(new MusterConfig.Ports(8443, 9443, 8883, 8080, 9090));
    assertThat(config.metricsHost()).isEqualTo("127.0.0.1");
    assertThat(config.enrollment().certificateValidity()).isEqualTo(Duration.ofDays(30));
  }

  @Test
  void commentedYaml_changesNothing_andNamesEverySetting() {
    MusterConfig defaults = MusterConfig.read(folder.resolve("none.yaml"), Map.of(), Map.of());
    assertThat(read(MusterConfig.commentedYaml())).isEqualTo(defaults);
    // Every line that is a setting, uncommented, must still be one that is known.
    String uncommented =
        MusterConfig.commentedYaml().replaceAll("(?m)^( *)# ([a-zA-Z]+: [^ ].*)$", "$1$2");
    assertThat(uncommented)
        .contains("\n  est: 8443")
        .contains("\n  crlGrace: 1h")
        .contains("\nfleet: default");
    assertThat(read(uncommented).ports()).isEqualTo(defaults.ports());
  }

  @Test
  void read_coaps_isOffUnlessAPortIsGiven_limited_andExcludesChannelBinding() {
    assertThat(read("ports: {coaps: none}").coaps()).isNull();
    CoapsConfig coaps = read("ports: {coaps: 5684}").coaps();
    assertThat(coaps).isEqualTo(CoapsConfig.on("0.0.0.0", 5684));
    assertThat(read("ports: {coaps: 5684}").telemetryCoaps()).isNull();
    assertThat(read("ports: {telemetryCoaps: 5685}").telemetryCoaps())
        .isEqualTo(CoapsConfig.on("0.0.0.0", 5685));
    CoapsConfig.Limits fewer = new CoapsConfig.Limits(1, 2, 3, 4);
    String limits = "limits: {dtlsSessions: 1, dtlsHandshakes: 2, dtlsHandshakesPerSecond: 3,"
        + " dtlsHandshakesOfAddressPerSecond: 4}";
    assertThat(
            read("ports: {coaps: 5684}\nenrollment: {" + limits + "}").coaps().limits())
        .isEqualTo(fewer);
    assertThat(read("ports: {telemetryCoaps: 5685}\nbroker: {" + limits + "}")
            .telemetryCoaps()
            .limits())
        .isEqualTo(fewer);
    assertThatThrownBy(() -> read("broker: {limits: {dtlsHandshakesPerSecond: 0}}"))
        .hasMessageContaining("broker.limits.dtlsHandshakesPerSecond: \"0\"")
        .hasMessageContaining("from 1 to");
    assertThatThrownBy(() -> read("ports: {coaps: off}"))
        .hasMessageContaining("ports.coaps")
        .hasMessageContaining("expected: none, or a number from 0 to 65535");
    assertThatThrownBy(() -> read("ports: {coaps: 0}\nenrollment: {requireChannelBinding: true}"))
        .hasMessageContaining(
            "ports.coaps: 0 (expected: none with enrollment.requireChannelBinding");
  }

  @Test
  void read_operatorSettings_thatWouldCountForNothing_areRefused() {
    String ca = "certificateCa: /ca.pem, certificateCrl: /ca.crl";
    assertThat(read("operators: {certificates: true, " + ca + "}").operators().certificateCa())
        .isEqualTo(Path.of("/ca.pem"));
    assertThatThrownBy(() -> read("operators: {" + ca + "}"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(
            "operators.certificateCa: /ca.pem (expected: with operators.certificates: true)");
    assertThatThrownBy(() -> read("operators: {certificates: true, certificateCrl: /ca.crl}"))
        .hasMessageContaining("operators.certificateCa: missing (expected: with");
    assertThatThrownBy(() -> read("operators: {trustedProxies: [10.0.0.0/8, 0.0.0.0/0]}"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(
            "operators.trustedProxies: 0.0.0.0/0 (expected: an address, or a network");
    for (String one : List.of(
        "clientId: muster",
        "clientSecretFile: /secret",
        "url: https://muster.example.com",
        "roles: [admins=admin]",
        "label: Example Corp",
        "nameClaim: email",
        "groupsClaim: roles",
        "ca: /ca.pem")) {
      assertThatThrownBy(() -> read("operators: {oidc: {" + one + "}}"))
          .as(one)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("operators.oidc: issuer: missing (expected: https://HOST...)");
    }
  }

  @Test
  void read_flagOverEnvironmentOverFile() {
    Map<String, String> environment =
        Map.of("MUSTER_PORTS_EST", "2", "MUSTER_ENROLLMENT_CERTIFICATE_VALIDITY", "2d");
    MusterConfig config = read("ports: {est: 1, mqtt: 1}", environment, Map.of("ports.est", "3"));
    assertThat(config.ports().est()).isEqualTo(3);
    assertThat(config.ports().mqtt()).isEqualTo(1);
    assertThat(config.enrollment().certificateValidity()).isEqualTo(Duration.ofDays(2));
  }

  @Test
  void read_severalProblems_areReportedTogetherWithNameValueAndExpectation() {
    assertThatThrownBy(() -> read("""
            ports:
              est: 70000
              mqqt: 1883
            fleet: "Plant A"
            enrollment:
              certificateValidity: forever
            """))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("4 problems")
        .hasMessageContaining("ports.est: \"70000\" (expected: a number from 0 to 65535)")
        .hasMessageContaining("ports.mqqt: unknown setting")
        .hasMessageContaining("fleet: \"Plant A\" (expected: 1 to 32 of [a-z0-9-])")
        .hasMessageContaining(
            "enrollment.certificateValidity: \"forever\" (expected: a duration such as 30s");
  }

  @Test
  void read_brokenYaml_tellsWhere() {
    assertThatThrownBy(() -> read("ports:\n  est: [1\n"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("muster.yaml:")
        .hasMessageContaining("not readable as YAML");
    assertThatThrownBy(() -> read("host: a\nhost: b\n")).isInstanceOf(UserError.class);
  }
}
