/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running broker shows another server certificate when its files have changed. */
class ServerCertificateIT {
  /** HiveMQ looks at its key store every ten seconds. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  @TempDir
  Path folder;

  private BrokerFixture fixture;

  @BeforeEach
  void start() {
    fixture = new BrokerFixture(folder).start();
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void filesReplaced_newConnectionsSeeTheNewOne_openOnesGoOn() throws Exception {
    MqttClient open =
        new MqttClient("ssl://localhost:" + fixture.port(), "open", new MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(fixture.device("open")).getSocketFactory());
    options.setAutomaticReconnect(false);
    open.connect(options);

    Credential next = fixture.serviceCa.issue("CN=broker,OU=server").server().build();
    TestPki.write(folder, "server", next);
    String serial = next.certificate().getSerialNumber().toString(16).toUpperCase(Locale.ROOT);
    await().atMost(PATIENCE).until(() -> shown().contains(serial));

    assertThat(open.isConnected()).isTrue();
    open.publish(
        "fleets/f1/devices/open/telemetry/t", "1".getBytes(StandardCharsets.US_ASCII), 1, false);
    open.disconnect(1_000);
    open.close();
    assertThat(fixture.broker().problem()).isEmpty();
  }

  @Test
  void filesThatDoNotFit_areNotTakenUp_andTold() {
    String before = shown();
    Credential other = fixture.serviceCa.issue("CN=broker,OU=server").server().build();
    Credential next = fixture.serviceCa.issue("CN=broker,OU=server").server().build();
    TestPki.write(
        folder, "server", new Credential(other.key(), next.certificate(), next.issuers()));
    await()
        .atMost(PATIENCE)
        .until(() -> fixture.broker().problem().orElse("").contains("is not the key of"));
    assertThat(shown()).isEqualTo(before);
  }

  /** The serial number of the certificate that a new connection sees, as openssl prints it. */
  private String shown() {
    String pem = PeerProgram.require("openssl")
        .run(folder, "s_client", "-connect", "localhost:" + fixture.port())
        .stdout();
    String certificate = pem.substring(pem.indexOf("-----BEGIN"), pem.indexOf("-----END") + 25);
    return PeerProgram.require("openssl")
        .run(
            folder,
            certificate.getBytes(StandardCharsets.US_ASCII),
            Duration.ofSeconds(10),
            "x509",
            "-noout",
            "-serial")
        .stdout();
  }
}
