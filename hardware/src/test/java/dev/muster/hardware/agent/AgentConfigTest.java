/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.hardware.sensor.Reading;
import dev.muster.hardware.sensor.Reading.Quality;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentConfigTest {
  private static final String CLAIMING = """
      enrollment=https://h:8443
      broker=mqtts://h:8883
      trust=/r.pem
      claim.token=/etc/muster-device/claim-token
      """;

  @TempDir
  Path folder;

  private AgentConfig read(String text) throws IOException {
    return AgentConfig.read(Files.writeString(folder.resolve("device.properties"), text));
  }

  /** The file that lies beside the systemd unit. */
  @Test
  void read_exampleOfTheUnit_isWhole() throws IOException {
    Path example = Path.of(System.getProperty("muster.root"), "hardware/systemd/device.properties");

    AgentConfig config = AgentConfig.read(example);

    assertThat(config.identityKey()).isEqualTo(URI.create("tpm:/dev/tpmrm0?handle=0x81020000"));
    assertThat(config.keys()).isEqualTo(URI.create("tpm:/dev/tpmrm0"));
    assertThat(config.interval()).isEqualTo(Duration.ofMinutes(1));
    assertThat(config.statistics()).isEqualTo(Duration.ofMinutes(5));
    assertThat(config.state()).isEqualTo(Path.of("/var/lib/muster-device"));
    assertThat(config.reboot()).isEmpty();
  }

  @Test
  void read_pathAsKey_isAFile() throws IOException {
    AgentConfig config = read("""
        enrollment=https://h:8443
        broker=mqtts://h:8883
        trust=/r.pem
        identity.key=/etc/device.key
        identity.chain=/c.pem
        reboot=/usr/bin/systemctl  reboot
        statistics.seconds=0
        """);

    assertThat(config.identityKey()).isEqualTo(URI.create("file:///etc/device.key"));
    assertThat(config.keys()).isEqualTo(URI.create("file:identity"));
    assertThat(config.reboot()).containsExactly("/usr/bin/systemctl", "reboot");
    assertThat(config.statistics()).isZero();
  }

  @Test
  void read_claimTokenAlone_needsNoIdentity() throws IOException {
    AgentConfig config = read(CLAIMING);

    assertThat(config.claimToken()).isEqualTo(Path.of("/etc/muster-device/claim-token"));
    assertThat(config.identityKey()).isNull();
    assertThat(config.identityChain()).isNull();
  }

  @Test
  void read_claimTokenAndHalfAnIdentity_saysWhatIsMissing() {
    assertThatThrownBy(() -> read(CLAIMING + "identity.key=/etc/device.key\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("identity.chain: not set");
  }

  @Test
  void read_severalMistakes_areAllTold() {
    assertThatThrownBy(
            () -> read(
                "brokr=x\ninterval.seconds=0\nstatistics.seconds=-1\nenrollment=a b\nstream=a/b\nidentity.key= \n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("brokr: unknown")
        .hasMessageContaining("broker: not set")
        .hasMessageContaining("trust: not set")
        .hasMessageContaining("identity.key: not set")
        .satisfies(
            said -> assertThat(said.getMessage().split("identity.key: not set")).hasSize(2))
        .hasMessageContaining("stream: \"a/b\" (expected: 1 to 64 of [A-Za-z0-9._-]")
        .hasMessageContaining("enrollment: a b (expected: like https://HOST:8443)")
        .hasMessageContaining("statistics.seconds: -1 (expected: 0, for none, to 86400)")
        .hasMessageContaining("interval.seconds: 0 (expected: 1 to 86400)");
  }

  @Test
  void measurements_whatIsNotGood_saysSo() {
    Instant time = Instant.parse("2026-11-26T00:00:00Z");

    assertThat(DeviceAgent.measurements(
            List.of(
                new Reading("a", "Cel", 1.5, Quality.GOOD),
                new Reading("b", "V", 2, Quality.SUSPECT),
                new Reading("c", "Cel", 0, Quality.FAILED)),
            time))
        .containsExactly(
            new Measurement("a", "Cel", time, new Value.Number(1.5)),
            new Measurement("b", "V", time, new Value.Number(2)),
            new Measurement("b.quality", null, time, new Value.Text("suspect")),
            new Measurement("c.quality", null, time, new Value.Text("failed")));
  }
}
