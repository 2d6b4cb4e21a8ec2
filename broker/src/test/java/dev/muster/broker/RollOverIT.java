/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.protocol.file.DurableFiles;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running broker takes a new CA from its trust file, and lets an old one go with it. */
class RollOverIT {
  /** HiveMQ looks at its trust store every ten seconds. */
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

  private MqttClient connect(Credential credential, String clientId) throws MqttException {
    MqttClient client =
        new MqttClient("ssl://localhost:" + fixture.port(), clientId, new MemoryPersistence());
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(fixture.tls(credential).getSocketFactory());
    options.setAutomaticReconnect(false);
    client.setTimeToWait(60_000);
    try {
      client.connect(options);
      return client;
    } catch (MqttException e) {
      client.close(true);
      throw e;
    }
  }

  private void trust(String text) throws IOException {
    DurableFiles.writePublic(folder.resolve("device-ca.pem"), text);
  }

  private static String pem(Credential credential) {
    return TestPki.pem(List.of(credential.certificate()));
  }

  @Test
  void newCa_isTakenAtRuntime_andTheOldOneDropped_whileClientsStayConnected() throws Exception {
    Credential next = fixture.root.issue("CN=Device CA 2").ca().build();
    Credential renewed = next.issue(BrokerFixture.deviceName("renewed")).build();
    MqttClient old = connect(fixture.device("old"), "old");
    MqttClient service = connect(fixture.service("enrollment", "service"), "enrollment");
    assertThatThrownBy(() -> connect(renewed, "renewed")).isInstanceOf(MqttException.class);

    trust("# device\n" + pem(fixture.deviceCa) + "# device-2\n" + pem(next));
    await()
        .atMost(PATIENCE)
        .until(() -> fixture.broker().problem().orElse("").contains("no CRL of the device-2 CA"));
    byte[] crl = TestPki.crl(next, 1, Duration.ofDays(1), List.of());
    service.publish("muster/revocations/device-2", crl, 1, true);
    assertThat(fixture.broker().problem()).isEmpty();
    MqttClient[] connected = new MqttClient[1];
    await().atMost(PATIENCE).ignoreExceptions().until(() -> {
      connected[0] = connect(renewed, "renewed");
      return connected[0].isConnected();
    });
    assertThat(old.isConnected()).as("of the old CA, before it goes").isTrue();

    trust("# device-2\n" + pem(next));
    await().atMost(PATIENCE).until(() -> !old.isConnected());
    assertThatThrownBy(() -> connect(fixture.device("late"), "late"))
        .isInstanceOf(MqttException.class);
    assertThat(connected[0].isConnected()).isTrue();
    assertThat(service.isConnected()).isTrue();
    connected[0].disconnect(1_000);
    service.disconnect(1_000);
  }

  @Test
  void firstCrlOfANewCa_beforeTheNextLookAtTheFiles_isTaken() throws Exception {
    Credential next = fixture.root.issue("CN=Device CA 2").ca().build();
    byte[] crl = TestPki.crl(next, 1, Duration.ofDays(1), List.of());
    MqttClient service = connect(fixture.service("enrollment", "service"), "enrollment");
    trust("# device\n" + pem(fixture.deviceCa) + "# device-2\n" + pem(next));
    service.publish("muster/revocations/device-2", crl, 1, true);
    assertThat(service.isConnected()).isTrue();
    assertThat(fixture.broker().problem()).isEmpty();
    service.disconnect(1_000);
  }
}
