/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Starts that must fail, with words for the person who starts it; and a start without CRLs. */
class BrokerStartIT {
  @TempDir
  Path folder;

  private BrokerFixture fixture;

  @BeforeEach
  void make() {
    fixture = new BrokerFixture(folder);
  }

  @AfterEach
  void stop() {
    fixture.close();
  }

  @Test
  void portInUse_isNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      BrokerConfig config = fixture.config(taken.getLocalPort(), null);
      assertThatThrownBy(() -> fixture.start(config, sink -> sink))
          .isInstanceOf(StartFailedException.class)
          .hasMessageContaining(Integer.toString(taken.getLocalPort()))
          .hasMessageContaining("another port");
    }
    // Nothing is left of the failed start.
    fixture.start();
  }

  @Test
  void whatItCreates_isItsOwnersOnly() throws Exception {
    fixture.start();
    for (String folderMade : List.of("hivemq", "hivemq/conf", "hivemq/data")) {
      assertThat(PosixFilePermissions.toString(
              Files.getPosixFilePermissions(folder.resolve("broker").resolve(folderMade))))
          .as(folderMade)
          .isEqualTo("rwx------");
    }
    assertThat(PosixFilePermissions.toString(
            Files.getPosixFilePermissions(folder.resolve("broker/telemetry.mv.db"))))
        .isEqualTo("rw-------");
    assertThat(folder.resolve("broker/telemetry.trace.db")).doesNotExist();
  }

  @Test
  void policyWithUnknownKeys_isRefusedWithTheirPlaces() throws Exception {
    Files.writeString(
        folder.resolve("policy.yaml"),
        DefaultPolicy.yaml()
            .replace("sharedGroups: [\"${subject.CN}\"", "sharedGruops: [\"${subject.CN}\"")
            .replace("payloadBytes: 131072", "payloadBytes: 0"));
    assertThatThrownBy(() -> fixture.start())
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("policy.yaml")
        .hasMessageContaining("roles.consumer.sharedGruops: unknown key")
        .hasMessageContaining("roles.device.limits.payloadBytes: 0");
  }

  @Test
  void damagedDatabase_isNamed() throws Exception {
    Files.write(folder.resolve("broker/telemetry.mv.db"), new byte[20_000]);
    assertThatThrownBy(() -> fixture.start())
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("telemetry.mv.db");
  }

  @Test
  void keyOfAnotherCertificate_orNoKey_isNamed() throws Exception {
    Files.writeString(folder.resolve("server.key"), "nonsense");
    assertThatThrownBy(() -> fixture.start())
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("server.key");
    Files.writeString(folder.resolve("server.key"), TestPki.pem(fixture.deviceCa.key()));
    assertThatThrownBy(() -> fixture.start())
        .isInstanceOf(StartFailedException.class)
        .hasMessageContaining("not the key of the certificate");
  }

  @Test
  void secretsOfTheListener_areForTheOwnerAlone() throws Exception {
    fixture.start();
    for (String name : new String[] {"server.p12", "clients.p12", "config.xml"}) {
      Path file = folder.resolve("broker/hivemq/conf").resolve(name);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void withoutCrl_everyCertificateIsRefused_untilOneIsFetched() throws Exception {
    Files.delete(folder.resolve("broker/crls/device.crl"));
    AtomicReference<byte[]> served = new AtomicReference<>();
    HttpServer http = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    http.createContext("/crl/device.crl", exchange -> {
      byte[] crl = served.get();
      exchange.sendResponseHeaders(crl == null ? 503 : 200, crl == null ? -1 : crl.length);
      if (crl != null) {
        exchange.getResponseBody().write(crl);
      }
      exchange.close();
    });
    http.start();
    try {
      URI url = URI.create("http://127.0.0.1:" + http.getAddress().getPort() + "/crl/");
      fixture.start(fixture.config(0, url), sink -> sink);
      fixture.device("d");
      assertThat(fixture.broker().problem())
          .hasValueSatisfying(problem -> assertThat(problem).contains("no CRL of the device CA"));
      PeerProgram.Result refused = publish();
      assertThat(refused.exitCode()).isNotZero();
      assertThat(refused.output()).as("not the client's fault").contains("Server unavailable");
      served.set(fixture.deviceCrl(5));
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> fixture.broker().problem().isEmpty());
      publish().expectSuccess();
    } finally {
      http.stop(0);
    }
  }

  private PeerProgram.Result publish() {
    return new Mosquitto(fixture)
        .pub(
            "d",
            "d",
            "-V",
            "mqttv5",
            "-q",
            "1",
            "-t",
            "fleets/f1/devices/d/telemetry/x",
            "-m",
            "1");
  }
}
