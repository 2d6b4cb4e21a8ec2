/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.backend.Backend;
import dev.muster.app.config.MusterConfig;
import dev.muster.app.data.DataDirectory;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.DeviceState;
import dev.muster.device.FleetDevice;
import dev.muster.enrollment.authority.ServiceCertificates.Service;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All certificates of our own are replaced while everything runs. The clock moves by less than the
 * five minutes by which certificates are back-dated, so that clients with the true time go along.
 */
class SelfRenewalIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration MOVE = Duration.ofSeconds(270);

  @TempDir
  Path folder;

  @Test
  void certificatesOfOurOwn_whenTwoThirdsAreOver_areReplacedEverywhere_whileDevicesGoOn()
      throws Exception {
    MovableClock clock = MovableClock.running();
    MusterConfig config = MusterConfig.read(
        folder.resolve("none.yaml"),
        Map.of(),
        Map.of(
            "host", "127.0.0.1",
            "ports.est", "0",
            "ports.operator", "0",
            "ports.mqtt", "0",
            "ports.http", "0",
            "ports.metrics", "0",
            "enrollment.serviceCertificateValidity", "6m",
            "enrollment.crlInterval", "1s"));
    DataDirectory data = DataDirectory.openOrCreate(folder.resolve("data"), config, clock);
    try (Backend backend = Backend.start(data, config, EnumSet.allOf(Backend.Role.class), clock);
        FleetDevice device = renewedUponAnOrder(backend)) {
      X509Certificate server = data.services().certificate(Service.SERVER);
      X509Certificate client = data.services().certificate(Service.ENROLLMENT);
      List<Integer> listeners = List.of(
          backend.endpoints().est(),
          backend.endpoints().operator(),
          backend.endpoints().mqtt());
      assertThat(listeners).allMatch(port -> shown(port).equals(serial(server)));
      List<DeviceState> left = new ArrayList<>();

      clock.advance(MOVE);
      await().atMost(Duration.ofSeconds(90)).ignoreExceptions().until(() -> {
        if (device.state() != DeviceState.ONLINE) {
          left.add(device.state());
        }
        String next = serial(data.services().certificate(Service.SERVER));
        return !next.equals(serial(server))
            && listeners.stream().allMatch(port -> shown(port).equals(next));
      });
      publish(device);
      assertThat(left).as("the device's connection").isEmpty();

      // Nobody is cut when the old client certificate is taken back: the new one is in use.
      JsonNode revoked = OperatorClient.local(data.path())
          .post(
              "certificates/" + serial(client) + "/revoke",
              JSON.createObjectNode().put("reason", "superseded"));
      assertThat(revoked.path("brokers").path(0).path("cut").asInt(-1)).isZero();
      publish(device);
    }
  }

  /** With the least of chances a device asks when to renew as soon as it is online. */
  private FleetDevice renewedUponAnOrder(Backend backend) throws Exception {
    makeIdevid();
    try (FleetDevice device = device(backend)) {
      device.start();
      publish(device);
    }
    OperatorClient.local(folder.resolve("data"))
        .post(
            "certificates/renew-now",
            JSON.createObjectNode().put("fleet", "default").put("spreadSeconds", 600));
    FleetDevice device = device(backend);
    device.start();
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> device.statistics().connections() == 2 && device.state() == DeviceState.ONLINE);
    assertThat(device.statistics().enrollments()).isEqualTo(1);
    publish(device);
    return device;
  }

  private void makeIdevid() {
    Factory factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
    OperatorClient operator = OperatorClient.local(folder.resolve("data"));
    JsonNode registered = operator.post(
        "manufacturers",
        JSON.createObjectNode()
            .put("name", "acme")
            .put("ca", Pem.of(List.of(factory.certificate())))
            .put("admission", "auto"));
    String challenge = registered.path("cas").path(0).path("challenge").asText();
    operator.post(
        "manufacturers/acme/proof",
        JSON.createObjectNode().put("certificate", Pem.of(List.of(factory.prove(challenge)))));
    factory.issue("SN-1", folder.resolve("SN-1"));
  }

  private FleetDevice device(Backend backend) {
    return FleetDevice.builder()
        .enrollment(backend.endpoints().estUrl())
        .broker(backend.endpoints().mqttUrl())
        .trust(folder.resolve("data/trust/root.pem"))
        .factoryIdentity(folder.resolve("SN-1/device.key"), folder.resolve("SN-1/chain.pem"))
        .stateDirectory(folder.resolve("state"))
        .random(() -> 0L)
        .build();
  }

  private static void publish(FleetDevice device) throws Exception {
    device.telemetry("env").publish(Map.of("temperature", 21.4)).get(30, TimeUnit.SECONDS);
  }

  /** The serial number of the certificate that a new connection sees. */
  private String shown(int port) {
    PeerProgram openssl = PeerProgram.require("openssl");
    String out =
        openssl.run(folder, "s_client", "-connect", "localhost:" + port).stdout();
    byte[] pem = out.substring(out.indexOf("-----BEGIN"), out.indexOf("-----END") + 25)
        .getBytes(StandardCharsets.US_ASCII);
    return openssl
        .run(folder, pem, Duration.ofSeconds(10), "x509", "-noout", "-serial")
        .stdout()
        .strip()
        .replace("serial=", "")
        .toLowerCase(Locale.ROOT)
        .replaceFirst("^0+", "");
  }

  private static String serial(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16);
  }
}
