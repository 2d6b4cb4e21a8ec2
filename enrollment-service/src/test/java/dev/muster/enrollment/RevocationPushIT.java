/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.testing.PeerProgram;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** CRLs reach a broker of other people, Mosquitto, over mutual TLS. */
class RevocationPushIT {
  @TempDir
  Path folder;

  private RunningService service;
  private int port;
  private final AtomicReference<Duration> moved = new AtomicReference<>(Duration.ZERO);

  @BeforeEach
  void start() throws IOException {
    Clock clock = new Clock() {
      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        return Instant.now().plus(moved.get());
      }
    };
    service = new RunningService(folder, clock);
    service.addManufacturer("acme", service.factory, "auto");
    ServiceCredential broker =
        service.authorities.issueServer(List.of("localhost"), Clock.systemUTC());
    service.write("broker.pem", broker.chainPem());
    service.write("broker.key", broker.keyPem());
    Files.setPosixFilePermissions(
        folder.resolve("broker.key"), PosixFilePermissions.fromString("rw-r--r--"));
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    service.write(
        "mosquitto.conf",
        "listener " + port + " 127.0.0.1\nuser root\n"
            + "cafile " + folder.resolve("root.pem") + "\ncertfile " + folder.resolve("broker.pem")
            + "\nkeyfile " + folder.resolve("broker.key")
            + "\nrequire_certificate true\nuse_identity_as_username true\nallow_anonymous true\n");
  }

  @AfterEach
  void stop() {
    service.close();
  }

  private Process mosquitto() throws IOException {
    return PeerProgram.require("mosquitto")
        .start(folder, folder.resolve("m.out"), folder.resolve("m.err"), "-c", "mosquitto.conf");
  }

  private PeerProgram.Result subscribe(String issuer, int seconds) {
    return PeerProgram.require("mosquitto_sub")
        .run(
            folder,
            "-h",
            "localhost",
            "-p",
            "" + port,
            "--cafile",
            "root.pem",
            "--cert",
            "probe.pem",
            "--key",
            "probe.key",
            "-t",
            "muster/revocations/" + issuer,
            "-C",
            "1",
            "-W",
            "" + seconds,
            "-q",
            "1",
            "-F",
            "%r %q %x");
  }

  @Test
  void brokerThatComesLate_getsTheNewestCrl_retained_andItsAnswerIsReported() throws Exception {
    ServiceCredential probe =
        service.authorities.issueService("probe", "service", null, Clock.systemUTC());
    service.write("probe.pem", probe.chainPem());
    service.write("probe.key", probe.keyPem());
    pushAs("enrollment");
    Process mosquitto = mosquitto();
    try {
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(subscribe("device", 1).stdout()).startsWith("1 "));
      service.idevid("PUSH");
      String serial = RunningService.serialOf(service.enrolled("PUSH", "push"));
      RunningService.Answer silent =
          service.post("/certificates/" + serial + "/hold", new JsonObject());
      assertThat(silent.body().getJsonArray("brokers")).isEmpty();
      long next = Long.parseLong(silent.body().getString("crlNumber")) + 1;
      // Plays the broker extension; CRL numbers rise by one, or follow the clock.
      RunningService.Answer answer = revokeWhileAnswering(serial, next);
      assertThat(answer.body().getJsonArray("brokers").getJsonObject(0).getString("broker"))
          .isEqualTo("cell-1");
      assertThat(subscribe("device", 5).stdout()).startsWith("1 1 30");
    } finally {
      mosquitto.destroy();
      mosquitto.waitFor();
    }
  }

  @Test
  void brokerAwayForLong_isAProblem_untilItIsThereOrNoLongerWanted() throws Exception {
    assertThat(service.service().problem()).isEmpty();
    pushAs("enrollment");
    assertThat(service.service().problem()).isEmpty();
    moved.set(Duration.ofSeconds(31));
    assertThat(service.service().problem().orElseThrow()).contains("broker", "" + port);
    Process mosquitto = mosquitto();
    try {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> service.service().problem().isEmpty());
    } finally {
      mosquitto.destroy();
      mosquitto.waitFor();
    }
    await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
      moved.updateAndGet(before -> before.plusSeconds(31));
      assertThat(service.service().problem()).isPresent();
    });
    service.service().stopPushing();
    assertThat(service.service().problem()).isEmpty();
  }

  private void pushAs(String name) {
    service
        .service()
        .pushRevocationsTo(
            URI.create("mqtts://localhost:" + port),
            service.authorities.issueService(name, "service", null, Clock.systemUTC()));
  }

  private RunningService.Answer revokeWhileAnswering(String serial, long from) throws Exception {
    // Answers to all numbers that this revocation can get within the next minute.
    StringBuilder answers = new StringBuilder();
    for (long number = from; number < from + 60; number++) {
      answers
          .append(new JsonObject()
              .put("crlNumber", "" + number)
              .put("broker", "cell-1")
              .put("cut", 1)
              .put("remaining", 0)
              .put("tookMs", 7)
              .encode())
          .append('\n');
    }
    service.write("answers.txt", answers.toString());
    Process process = new ProcessBuilder(
            "mosquitto_pub",
            "-h",
            "localhost",
            "-p",
            "" + port,
            "--cafile",
            "root.pem",
            "--cert",
            "probe.pem",
            "--key",
            "probe.key",
            "-q",
            "1",
            "-t",
            "muster/revocations/device/applied",
            "-l")
        .directory(folder.toFile())
        .redirectInput(folder.resolve("answers.txt").toFile())
        .start();
    RunningService.Answer answer =
        service.post("/certificates/" + serial + "/revoke", new JsonObject());
    process.waitFor();
    return answer;
  }
}
