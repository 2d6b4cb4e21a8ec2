/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.hardware.factory.Factory;
import dev.muster.testing.PeerProgram;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two servers with the same CAs on one PostgreSQL: whichever a device asks, it is one device. At
 * the end the database goes away.
 */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoServersIT {
  private static final int ROUNDS = 5;
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  static Path folder;

  private static final ExecutorService callers = Executors.newFixedThreadPool(2);
  private static final List<MusterProcess> servers = new ArrayList<>();
  private static EmbeddedPostgres database;
  private static Factory factory;

  @BeforeAll
  static void start() throws Exception {
    Future<EmbeddedPostgres> starting = callers.submit(EmbeddedPostgres::start);
    muster("init", "--data", data("one").toString());
    copy(data("one"), data("other"));
    database = starting.get(60, TimeUnit.SECONDS);
    servers.add(serve("one"));
    servers.add(serve("other"));
    factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
    servers.forEach(MusterProcess::awaitReady);
    String ca = folder.resolve("acme/ca.pem").toString();
    admin("manufacturers", "add", "acme", "--ca", ca, "--admission", "auto");
    device("known");
    await().atMost(PATIENCE).until(() -> enroll("other", "known", "known").status() == 200);
  }

  @AfterAll
  static void stop() throws IOException {
    callers.shutdownNow();
    servers.forEach(MusterProcess::close);
    database.close();
  }

  private static Path data(String server) {
    return folder.resolve(server);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path one : all.toList()) {
        Files.copy(one, to.resolve(from.relativize(one)), StandardCopyOption.COPY_ATTRIBUTES);
      }
    }
  }

  private static MusterProcess serve(String server) {
    return MusterProcess.start(
        folder,
        "serve",
        "--ephemeral-ports",
        "--data",
        data(server).toString(),
        "--set",
        "enrollment.database.url=jdbc:postgresql://localhost:" + database.getPort() + "/postgres",
        "--set",
        "enrollment.database.user=postgres",
        "--set",
        "enrollment.crlInterval=1s");
  }

  /** In this JVM: a new one for each takes seconds. */
  private static void muster(String... line) {
    assertThat(Muster.commandLine().execute(line)).as(Arrays.toString(line)).isZero();
  }

  private static void admin(String... line) {
    List<String> whole = new ArrayList<>(List.of("admin"));
    whole.addAll(List.of(line));
    whole.addAll(List.of("--data", data("one").toString()));
    muster(whole.toArray(String[]::new));
  }

  /** A device with its factory identity, and a request of the same name. */
  private static void device(String name) {
    factory.issue(name, folder.resolve(name));
    csr(name);
  }

  private static void csr(String name) {
    PeerProgram.require("openssl")
        .run(
            folder,
            "req",
            "-new",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            name + ".key",
            "-subj",
            "/",
            "-outform",
            "DER",
            "-out",
            name + ".der")
        .expectSuccess();
    try {
      byte[] der = Files.readAllBytes(folder.resolve(name + ".der"));
      Files.write(folder.resolve(name + ".b64"), Base64.getEncoder().encode(der));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Answer(int status, String headers, String body) {}

  private static Answer enroll(String server, String device, String csr) {
    String identity = folder.resolve(device).toString();
    return ask(server, "simpleenroll", identity + "/chain.pem", identity + "/device.key", csr);
  }

  private static Answer ask(String server, String operation, String chain, String key, String csr) {
    String out = server + "-" + csr;
    PeerProgram.Result result = PeerProgram.require("curl")
        .run(
            folder,
            "-sS",
            "--cacert",
            "one/trust/root.pem",
            "--cert",
            chain,
            "--key",
            key,
            "-H",
            "Content-Type: application/pkcs10",
            "--data-binary",
            "@" + csr + ".b64",
            "-D",
            out + ".headers",
            "-o",
            out + ".body",
            "-w",
            "%{http_code}",
            Endpoints.read(data(server)).estUrl() + "/.well-known/est/" + operation)
        .expectSuccess();
    try {
      return new Answer(
          Integer.parseInt(result.stdout().strip()),
          Files.readString(folder.resolve(out + ".headers")),
          Files.readString(folder.resolve(out + ".body")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One device asks both at once. */
  private static List<Answer> race(String device, String first, String second) throws Exception {
    CyclicBarrier barrier = new CyclicBarrier(2);
    Future<Answer> here = callers.submit(() -> {
      barrier.await(20, TimeUnit.SECONDS);
      return enroll("one", device, first);
    });
    Future<Answer> there = callers.submit(() -> {
      barrier.await(20, TimeUnit.SECONDS);
      return enroll("other", device, second);
    });
    return List.of(here.get(60, TimeUnit.SECONDS), there.get(60, TimeUnit.SECONDS));
  }

  private static OperatorClient operator(String server) {
    return OperatorClient.local(data(server));
  }

  private static JsonNode certificates(String server, String device) {
    return operator(server).get("certificates?device=acme-" + device).path("certificates");
  }

  @Test
  @Order(1)
  void oneDevice_asksBothAtOnce_hasOneCertificate() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      String device = "two-" + round;
      device(device);
      csr(device + "-b");
      List<Answer> answers = race(device, device, device + "-b");
      assertThat(answers).as(device).extracting(Answer::status).containsExactlyInAnyOrder(200, 202);
      assertThat(certificates("one", device)).as(device).hasSize(1);
      assertThat(certificates("other", device)).isEqualTo(certificates("one", device));
    }
    for (int round = 0; round < ROUNDS; round++) {
      String device = "same-" + round;
      device(device);
      List<Answer> answers = race(device, device, device);
      assertThat(answers).as(device).extracting(Answer::status).containsExactly(200, 200);
      assertThat(answers.get(0).body()).as(device).isEqualTo(answers.get(1).body());
      assertThat(certificates("one", device)).as(device).hasSize(1);
    }
  }

  @Test
  @Order(2)
  void crlsOfBoth_agree_andTheLogTheyShareIsWhole() {
    String serial = certificates("one", "known").path(0).path("serial").asText();
    operator("other")
        .post(
            "certificates/" + serial + "/revoke",
            JSON.createObjectNode().put("reason", "keyCompromise"));
    await().atMost(PATIENCE).until(() -> revoked("one").contains(serial));
    await().atMost(PATIENCE).until(() -> revoked("other").equals(revoked("one")));
    admin("audit", "verify");
    assertThat(servers).allSatisfy(server -> assertThat(server.stderr()).doesNotContain("\tat "));
  }

  private static Set<String> revoked(String server) throws GeneralSecurityException, IOException {
    crl(server, "device");
    X509CRL crl = (X509CRL) CertificateFactory.getInstance("X.509")
        .generateCRL(Files.newInputStream(folder.resolve(server + ".crl")));
    return Stream.ofNullable(crl.getRevokedCertificates())
        .flatMap(Set::stream)
        .map(entry -> entry.getSerialNumber().toString(16))
        .collect(Collectors.toSet());
  }

  private static void crl(String server, String authority) {
    String base = "http://localhost:" + Endpoints.read(data(server)).http() + "/crl/";
    PeerProgram.require("curl")
        .run(folder, "-sSf", "-o", server + ".crl", base + authority + ".crl")
        .expectSuccess();
  }

  @Test
  @Order(3)
  void caDroppedAtOne_isNotUsedAtTheOther_whichGoesOnOnceTheyShareTheirCas() throws Exception {
    rollOver("one", "--emergency", "--reason", "keyCompromise");
    await()
        .atMost(PATIENCE)
        .until(() -> problems("other").contains("device is compromised (here: active)"));
    assertThat(certificatesOf("device")).isNotEmpty().doesNotContain("active");
    device("newcomer");
    Answer later = enroll("other", "newcomer", "newcomer");
    assertThat(later.status()).as(later.toString()).isEqualTo(503);
    assertThat(later.headers()).containsPattern("(?m)^Retry-After: [1-9][0-9]*\r?$");

    Files.move(data("other").resolve("ca"), folder.resolve("ca-of-other"));
    Files.createSymbolicLink(data("other").resolve("ca"), data("one").resolve("ca"));
    await().atMost(PATIENCE).until(() -> problems("other").isEmpty());
    assertThat(enroll("other", "newcomer", "newcomer").status()).isEqualTo(200);
    assertThat(Files.readString(data("other").resolve("trust/device-ca.pem")))
        .startsWith("# device-2\n");
    assertThat(issuerOf("newcomer")).isEqualTo("device-2");

    rollOver("other", "--now");
    device("latecomer");
    await().atMost(PATIENCE).until(() -> authorities("one").contains("device-3 active"));
    assertThat(enroll("one", "latecomer", "latecomer").status()).isEqualTo(200);
    assertThat(issuerOf("latecomer")).isEqualTo("device-3");
    assertThat(authorities("other")).isEqualTo(authorities("one"));
    assertThat(logOf("device")).containsExactly("ca.active", "ca.compromised");
    assertThat(logOf("device-2")).containsExactly("ca.active", "ca.retiring");
    admin("audit", "verify");
    await().atMost(PATIENCE).untilAsserted(() -> crl("one", "device-3"));
    assertThat(servers).allSatisfy(server -> assertThat(server.stderr()).doesNotContain("\tat "));
  }

  private static void rollOver(String server, String... how) {
    List<String> line = new ArrayList<>(List.of("admin", "authorities", "roll-over", "device"));
    line.addAll(List.of(how));
    line.addAll(List.of("--data", data(server).toString()));
    muster(line.toArray(String[]::new));
  }

  /** What the health page says of the enrollment service. */
  private static String problems(String server) {
    return operator(server).get("health").path("problems").path("enrollment").asText();
  }

  private static List<String> authorities(String server) {
    List<String> states = new ArrayList<>();
    operator(server)
        .get("authorities")
        .path("authorities")
        .forEach(
            one -> states.add(one.path("id").asText() + " " + one.path("state").asText()));
    return states;
  }

  private static String issuerOf(String device) {
    return certificates("one", device).path(0).path("issuer").asText();
  }

  /** The states of all certificates of a CA. */
  private static List<String> certificatesOf(String issuer) {
    List<String> states = new ArrayList<>();
    operator("one").get("certificates?limit=1000").path("certificates").forEach(one -> {
      if (one.path("issuer").asText().equals(issuer)) {
        states.add(one.path("status").asText());
      }
    });
    return states;
  }

  private static List<String> logOf(String authority) throws IOException {
    List<String> actions = new ArrayList<>();
    JsonNode log = operator("other").get("audit?order=oldest&object=ca:" + authority);
    for (JsonNode entry : log.path("entries")) {
      String action = JSON.readTree(entry.path("text").asText()).path("action").asText();
      if (action.startsWith("ca.")) {
        actions.add(action);
      }
    }
    return actions;
  }

  @Test
  @Order(4)
  void databaseStopped_bothAskDevicesToComeLater_andServeTheirCrls() throws Exception {
    device("late");
    database.close();
    List<Answer> answers = race("late", "late", "late");
    assertThat(answers).allSatisfy(answer -> {
      assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
      assertThat(answer.headers()).containsPattern("(?m)^Retry-After: [1-9][0-9]*\r?$");
      assertThat(answer.headers()).contains("Content-Type: text/plain");
    });
    crl("one", "device-3");
    crl("other", "device-3");
  }
}
