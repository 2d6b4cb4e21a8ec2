/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.operator.OperatorClient;
import dev.muster.device.CommandResult;
import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceState;
import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentException;
import dev.muster.device.FleetDevice;
import dev.muster.hardware.factory.Factory;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The one path on which everything hangs, on real parts: factory, EST, MQTT over mutual TLS, disk,
 * operator.
 */
class SpineIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  static Path folder;

  private static MusterProcess backend;
  private static Endpoints ports;
  private static OperatorClient operator;

  @BeforeAll
  static void start() {
    backend = MusterProcess.start(
            folder,
            "serve",
            "--ephemeral-ports",
            "--set",
            "ports.coaps=0",
            "--set",
            "ports.telemetryCoaps=0")
        .awaitReady();
    ports = Endpoints.read(folder.resolve("muster-data"));
    operator = OperatorClient.local(folder.resolve("muster-data"));
    muster("factory", "init", "--out", "acme", "--name", "acme").expect(0);
    muster(
            "admin",
            "manufacturers",
            "add",
            "acme",
            "--ca",
            "acme/ca.pem",
            "--admission",
            "auto",
            "--fleet",
            "plant-a")
        .expect(0);
  }

  @AfterAll
  static void stop() {
    backend.close();
  }

  private static MusterProcess.Ended muster(String... arguments) {
    return MusterProcess.run(folder, arguments);
  }

  private static FleetDevice device(String serial) {
    return device(serial, folder.resolve("muster-data/trust/root.pem"));
  }

  private static FleetDevice device(String serial, Path trust) {
    return device(serial, trust, ports.estUrl(), ports.mqttUrl());
  }

  private static FleetDevice device(String serial, Path trust, URI enrollment, URI broker) {
    // Not by a command: a JVM for each takes seconds.
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue(serial, folder.resolve(serial));
    return known(serial, trust, enrollment, broker).build();
  }

  /** One that has its factory identity. */
  private static FleetDevice.Builder known(String serial, Path trust, URI enrollment, URI broker) {
    Path identity = folder.resolve(serial);
    return FleetDevice.builder()
        .enrollment(enrollment)
        .broker(broker)
        .trust(trust)
        .factoryIdentity(identity.resolve("device.key"), identity.resolve("chain.pem"))
        .stateDirectory(folder.resolve(serial + "-state"));
  }

  private static void awaitState(FleetDevice device, DeviceState state) {
    await().atMost(Duration.ofSeconds(30)).until(() -> device.state() == state);
  }

  @Test
  void device_fromFactoryToDisk() throws Exception {
    try (FleetDevice device = device("SN-1")) {
      device.start();
      device.telemetry("env").publish(Map.of("temperature", 21.4)).get(30, TimeUnit.SECONDS);
      assertThat(device.subject())
          .hasValueSatisfying(s -> assertThat(s.device()).hasToString("acme-sn-1"));
      JsonNode latest = JSON.readTree(muster("admin", "telemetry", "latest", "acme-sn-1", "--json")
          .expect(0)
          .stdout());
      assertThat(latest.path("values").path(0).path("metric").asText()).isEqualTo("temperature");
      assertThat(latest.path("values").path(0).path("value").asDouble()).isEqualTo(21.4);
      assertThat(muster("admin", "telemetry", "query", "acme-sn-1", "--stream", "env")
              .expect(0)
              .stdout())
          .contains("temperature")
          .contains("21.4");
      assertThat(muster("admin", "devices", "show", "acme-sn-1").expect(0).stdout())
          .contains("plant-a");
      assertPolicyIsExplained("fleets/plant-a/devices/acme-sn-1/telemetry/env");
    }
  }

  private static void assertPolicyIsExplained(String topic) {
    assertThat(muster("policy", "explain", "--connected", "acme-sn-1", "--publish", topic)
            .expect(0)
            .stdout())
        .contains("allowed to publish: CN=acme-sn-1,O=plant-a,OU=device (device CA)")
        .contains("rule:   roles.device.publish[0]");
    String reader = "CN=reader,OU=consumer";
    assertThat(muster(
                "policy",
                "explain",
                "--issuer",
                "service",
                "--subject",
                reader,
                "--subscribe",
                topic)
            .expect(0)
            .stdout())
        .contains("rule:   roles.consumer.subscribe[0]");
    assertThat(muster("policy", "explain", "--connected", "nobody", "--publish", topic)
            .expect(1)
            .stderr())
        .contains("nobody");
  }

  /** One exchange: the IDevID enrolls, and what was issued is heard and told. */
  @ParameterizedTest
  @ValueSource(strings = {"coap-client-gnutls", "coap-client-openssl"})
  void coapPage_everyBlockInOrder_enrollsInBlocks_andIsHeardAndTold(String client)
      throws Exception {
    Path own = Files.createDirectory(folder.resolve("page-" + client));
    Path identity = own.resolve("factory");
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue(client, identity);
    Files.copy(identity.resolve("device.key"), own.resolve("idevid.key"));
    Files.copy(identity.resolve("chain.pem"), own.resolve("idevid.pem"));
    Files.copy(folder.resolve("muster-data/trust/root.pem"), own.resolve("root.pem"));
    String device = "devices/acme-" + client;
    try (CoapPage page = CoapPage.start(own, client, ports)) {
      await().atMost(Duration.ofMinutes(2)).until(() -> page.output().contains("Observe:"));
      // The first may be there before it observes; the second is told in any case.
      for (String name : List.of("first", "second")) {
        String id = operator
            .post(device + "/commands", JSON.readTree("{\"name\":\"" + name + "\"}"))
            .path("id")
            .asText();
        await().atMost(Duration.ofMinutes(2)).until(() -> page.output().contains(id));
        operator.post("commands/" + id + "/cancel", JSON.createObjectNode());
      }
      assertThat(page.output())
          .contains("</est/sen>;rt=\"ace.est.sen\";ct=\"281 287\"")
          .doesNotContain("skg")
          .as("CA certificates come in blocks, requests go in blocks")
          .containsPattern("c:2.05 .*Content-Format:281, Block2:2/")
          .containsPattern("c:POST .*Uri-Path:sen,.*Block1:0/M/64")
          .containsPattern("c:2.04 .*Content-Format:281, Block1:2/_/64")
          .containsPattern("c:POST .*Uri-Path:sren,.*Block1:0/M/64")
          .containsPattern("c:2.04 .*Content-Format:287, Block1:2/_/64")
          .contains("device.pem: OK")
          .contains("next.pem: OK");
    }
    assertThat(operator.get(device + "/telemetry/latest").path("values"))
        .extracting(one -> one.path("metric").asText() + "=" + one.path("value").asDouble())
        .contains("temperature=21.5", "humidity=40.0", "value=7.0");
    assertThat(certificatesOf("acme-" + client))
        .as("the first one, and its renewal")
        .hasSize(2);
  }

  /** Enrollment, messages and notifications: a fifth is lost, comes twice, or comes late. */
  @Test
  void device_overCoap_throughABadNetwork_isHeardAndToldOnce() throws Exception {
    PeerProgram libcoap = PeerProgram.require("coap-client-openssl");
    Path root = folder.resolve("muster-data/trust/root.pem");
    String device = "devices/acme-sn-8";
    int messages = 4;
    operator.patch(device + "/twin", JSON.readTree("{\"interval\":10}"));
    List<String> told = new CopyOnWriteArrayList<>();
    List<String> commands = new ArrayList<>();
    try (DatagramProxy toEnrollment = DatagramProxy.to(ports.coaps(), 5);
        DatagramProxy toBroker = DatagramProxy.to(ports.telemetryCoaps(), 6);
        FleetDevice far = device(
            "SN-8",
            root,
            URI.create("coaps://localhost:" + toEnrollment.port()),
            URI.create("coaps://localhost:" + toBroker.port()))) {
      DatagramProxy.Faults faults = new DatagramProxy.Faults(0.2, 0.2, 0.2);
      toEnrollment.faults(faults);
      CompletableFuture<Path> other =
          CompletableFuture.supplyAsync(() -> enrolled(libcoap, toEnrollment));
      far.onCommand("blink", (command, context) -> {
        told.add(command.id());
        return CommandResult.done(Map.of());
      });
      far.twin().onDesired(desired -> far.twin().report(desired));
      far.start();
      await().atMost(Duration.ofMinutes(5)).until(() -> far.state() == DeviceState.ONLINE);
      toBroker.faults(faults);
      CompletableFuture<Void> said = other.thenAcceptAsync(own -> say(libcoap, own, toBroker));
      for (int i = 0; i < messages; i++) {
        far.telemetry("env").publish(Map.of("n", i)).get(5, TimeUnit.MINUTES);
      }
      operator.patch(device + "/twin", JSON.readTree("{\"interval\":20}"));
      for (int i = 0; i < 2; i++) {
        commands.add(operator
            .post(device + "/commands", JSON.readTree("{\"name\":\"blink\"}"))
            .path("id")
            .asText());
      }
      for (String id : commands) {
        await()
            .atMost(Duration.ofMinutes(5))
            .until(() -> operator.get("commands/" + id).path("state").asText().equals("done"));
      }
      await()
          .atMost(Duration.ofMinutes(5))
          .until(
              () -> operator.get(device + "/twin").path("reported").toString().contains("20"));
      said.get(10, TimeUnit.MINUTES);
      assertThat(toEnrollment.counts()).matches(DatagramProxy.Counts::hasAllFaults);
      assertThat(toBroker.counts()).matches(DatagramProxy.Counts::hasAllFaults);
    }
    assertThat(told).containsExactlyElementsOf(commands);
    assertThat(sequencesOf("acme-sn-8")).doesNotHaveDuplicates().hasSize(messages);
    assertThat(certificatesOf("acme-sn-8")).hasSize(1);
  }

  /**
   * Where libcoap gives up, as it does after four repetitions (RFC 7252, 4.2), it says the same
   * again: for one key there is one certificate.
   *
   * @return where they are
   */
  private static Path enrolled(PeerProgram libcoap, DatagramProxy network) {
    Path own = folder.resolve("LC-1");
    Factory.open(folder.resolve("acme"), Clock.systemUTC()).issue("LC-1", own);
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(own, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "own.key")
        .expectSuccess();
    openssl
        .run(own, "req", "-new", "-key", "own.key", "-subj", "/", "-outform", "DER", "-out", "csr")
        .expectSuccess();
    String url = "coaps://localhost:" + network.port() + "/est/sen";
    String[] options = "-t 286 -A 287 -b 64 -f csr -o issued.der".split(" ");
    await().atMost(Duration.ofMinutes(10)).until(() -> {
      post(libcoap, own, "chain.pem", "device.key", url, options);
      return openssl
              .run(own, "x509", "-inform", "DER", "-in", "issued.der", "-out", "issued.pem")
              .exitCode()
          == 0;
    });
    assertThat(certificatesOf("acme-lc-1")).hasSize(1);
    return own;
  }

  /** Until it was heard, and so that it is kept once. */
  private static void say(PeerProgram libcoap, Path own, DatagramProxy network) {
    String url = "coaps://localhost:" + network.port() + "/t/env?b=boot1&q=1";
    String[] options = {"-t", "50", "-e", "{\"n\":1}"};
    await()
        .atMost(Duration.ofMinutes(5))
        .until(() -> post(libcoap, own, "issued.pem", "own.key", url, options).contains("c:2.04"));
    assertThat(sequencesOf("acme-lc-1")).containsExactly(1L);
  }

  /** What it shows of its messages. */
  private static String post(
      PeerProgram libcoap,
      Path own,
      String certificate,
      String key,
      String url,
      String... options) {
    String root = folder.resolve("muster-data/trust/root.pem").toString();
    List<String> arguments = new ArrayList<>(List.of("-B", "90", "-v", "6", "-m", "post"));
    arguments.addAll(List.of("-c", certificate, "-j", key, "-C", root, "-R", root));
    arguments.addAll(List.of(options));
    arguments.add(url);
    return libcoap
        .run(own, new byte[0], Duration.ofMinutes(3), arguments.toArray(String[]::new))
        .output();
  }

  private static List<Long> sequencesOf(String device) {
    List<Long> sequences = new ArrayList<>();
    operator
        .get("devices/" + device + "/messages?limit=1000")
        .path("messages")
        .forEach(message -> sequences.add(message.path("sequence").asLong()));
    return sequences;
  }

  private static JsonNode certificatesOf(String device) {
    return operator.get("certificates?device=" + device).path("certificates");
  }

  @Test
  void device_overCoap_isTheSame() throws Exception {
    URI enrollment = URI.create("coaps://localhost:" + ports.coaps());
    URI broker = URI.create("coaps://localhost:" + ports.telemetryCoaps());
    Path root = folder.resolve("muster-data/trust/root.pem");
    List<EnrollmentException> waits = new CopyOnWriteArrayList<>();
    makeIdevidOfAMakerWhoseDevicesWait("SN-9");
    try (FleetDevice patient = known("SN-9", root, enrollment, broker)
        .listener(new DeviceListener() {
          @Override
          public void onEnrollmentProblem(EnrollmentException problem) {
            waits.add(problem);
          }
        })
        .build()) {
      patient.start();
      await().atMost(Duration.ofSeconds(60)).until(() -> !waits.isEmpty());
      operator.post("devices/careful-sn-9/approve", JSON.createObjectNode());
      // It asks again after Max-Age, and who renews looks at the clock now and then; meanwhile:
      try (FleetDevice renewing = aged("SN-10", root, enrollment, broker)) {
        renewing.start();
        doAsOverMqtt(root, enrollment, broker);
        patient.telemetry("env").publish(Map.of("n", 1)).get(60, TimeUnit.SECONDS);
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() ->
                renewing.statistics().enrollments() > 0 && renewing.state() == DeviceState.ONLINE);
      }
    }
    assertThat(certificatesOf("acme-sn-10")).hasSizeGreaterThan(1);
    assertThat(waits)
        .anySatisfy(wait -> assertThat(wait)
            .isInstanceOfSatisfying(
                EnrollmentDeferredException.class,
                deferred -> assertThat(deferred.retryAfter()).isEqualTo(Duration.ofSeconds(5)))
            .hasMessageContaining("sen was answered with 5.03"));
    assertThat(certificatesOf("careful-sn-9")).hasSize(1);
  }

  private static void makeIdevidOfAMakerWhoseDevicesWait(String serial) {
    Factory factory = Factory.init(folder.resolve("careful"), "careful", Clock.systemUTC());
    JsonNode registered = operator.post(
        "manufacturers",
        JSON.createObjectNode()
            .put("name", "careful")
            .put("ca", Pem.of(List.of(factory.certificate())))
            .put("admission", "manual"));
    String challenge = registered.path("cas").path(0).path("challenge").asText();
    operator.post(
        "manufacturers/careful/proof",
        JSON.createObjectNode().put("certificate", Pem.of(List.of(factory.prove(challenge)))));
    factory.issue(serial, folder.resolve(serial));
  }

  /** One that has a certificate, and believes that this is about to end. */
  private static FleetDevice aged(String serial, Path root, URI enrollment, URI broker) {
    try (FleetDevice young = device(serial, root, enrollment, broker)) {
      young.start();
      awaitState(young, DeviceState.ONLINE);
    }
    Clock late = Clock.offset(Clock.systemUTC(), Duration.ofDays(26));
    return known(serial, root, enrollment, broker).clock(late).build();
  }

  private static void doAsOverMqtt(Path root, URI enrollment, URI broker) throws Exception {
    muster("admin", "twin", "set", "acme-sn-7", "{\"interval\": 10}").expect(0);
    try (FleetDevice device = device("SN-7", root, enrollment, broker)) {
      device.onCommand("blink", (command, context) -> CommandResult.done(command.payload()));
      device.twin().onDesired(desired -> device.twin().report(desired));
      ThreadGroup own = new ThreadGroup("SN-7"); // Threads are of the group of their maker.
      Thread starter = new Thread(own, device::start);
      starter.start();
      starter.join();
      device.telemetry("env").publish(Map.of("temperature", 21.4)).get(60, TimeUnit.SECONDS);
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> assertThat(lastingThreads(own))
              .containsExactlyInAnyOrder("muster-device", "muster-coap"));
      assertThat(muster("admin", "telemetry", "query", "acme-sn-7", "--stream", "env")
              .expect(0)
              .stdout())
          .contains("21.4");
      assertThat(muster(
                  "admin",
                  "commands",
                  "send",
                  "acme-sn-7",
                  "blink",
                  "--payload",
                  "{\"times\":3}",
                  "--deadline",
                  "60s",
                  "--wait")
              .expect(0)
              .stdout())
          .contains("times");
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() ->
              operator.get("devices/acme-sn-7/twin").path("reported").toString().contains("10"));
      assertThatThrownBy(() ->
              device.event("door", Map.of("open", true)).acknowledged().get(60, TimeUnit.SECONDS))
          .hasMessageContaining("CoAP has no place");
    }
  }

  /**
   * Who calls the program, or enrolls, ends by and by; and a receiver is in Californium's group.
   */
  private static List<String> lastingThreads(ThreadGroup group) {
    Thread[] threads = new Thread[20];
    int count = group.enumerate(threads, false);
    return Arrays.stream(threads, 0, count)
        .map(Thread::getName)
        .filter(name -> !name.equals("muster-worker"))
        .toList();
  }

  /** The SDK's side of docs/twins-and-commands.md, and alarms, which the backend keeps. */
  @Test
  void device_isTold_andDoesAndReports() throws Exception {
    muster("admin", "twin", "set", "acme-sn-6", "{\"interval\": 10}").expect(0);
    try (FleetDevice device = device("SN-6")) {
      device.onCommand("blink", (command, context) -> CommandResult.done(command.payload()));
      device.twin().onDesired(desired -> device.twin().report(desired));
      device.start();
      device.alarm("door", Map.of("open", true)).acknowledged().get(30, TimeUnit.SECONDS);

      assertThat(muster(
                  "admin",
                  "commands",
                  "send",
                  "acme-sn-6",
                  "blink",
                  "--payload",
                  "{\"times\":3}",
                  "--deadline",
                  "30s",
                  "--wait")
              .expect(0)
              .stdout())
          .contains("times");
      await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
        JsonNode twin = operator.get("devices/acme-sn-6/twin");
        assertThat(twin.toString()).contains("\"reported\":{").contains("\"interval\":10");
        assertThat(twin.path("reported").toString()).contains("10");
      });
      assertThat(muster("admin", "telemetry", "latest", "acme-sn-6").expect(0).stdout())
          .contains("door");
    }
  }

  @Test
  void revocation_cutsTheLiveSession_andTheDeviceStaysOut() throws Exception {
    try (FleetDevice device = device("SN-2")) {
      device.start();
      device.telemetry("env").publish(Map.of("temperature", 1)).get(30, TimeUnit.SECONDS);
      String serial = operator
          .get("certificates?device=acme-sn-2")
          .path("certificates")
          .path(0)
          .path("serial")
          .asText();
      MusterProcess.Ended revoked = muster(
              "admin", "certificates", "revoke", serial, "--reason", "keyCompromise")
          .expect(0);
      assertThat(revoked.stdout())
          .contains("revoked")
          .contains("cut 1 sessions")
          .contains("0 remaining");
      await().atMost(Duration.ofSeconds(60)).until(() -> device.state() != DeviceState.ONLINE);
      assertThat(device.telemetry("env").publish(Map.of("temperature", 2)))
          .isNotCompletedExceptionally();
      assertThat(operator
              .get("devices/acme-sn-2/telemetry/latest")
              .path("values")
              .path(0)
              .path("value")
              .asInt())
          .isEqualTo(1);
      assertThat(muster("admin", "certificates", "show", serial).expect(0).stdout())
          .contains("keyCompromise");
    }
  }

  @Test
  void device_thatTrustsAnotherRoot_givesItsIdentityToNobody() throws IOException {
    Path other = Files.writeString(
        folder.resolve("other-root.pem"),
        TestPki.pem(List.of(TestPki.root("CN=Other").certificate())));
    try (FleetDevice device = device("SN-3", other)) {
      device.start();
      await().atMost(Duration.ofSeconds(60)).until(() -> device.reason().contains("not trusted"));
      assertThat(device.subject()).isEmpty();
    }
    assertThatThrownBy(() -> operator.get("devices/acme-sn-3")).isInstanceOf(UserError.class);
  }

  @Test
  void device_afterARestart_usesTheCertificateItHas() throws Exception {
    try (FleetDevice device = device("SN-4")) {
      device.start();
      awaitState(device, DeviceState.ONLINE);
    }
    FleetDevice again = FleetDevice.builder()
        .enrollment(ports.estUrl())
        .broker(ports.mqttUrl())
        .trust(folder.resolve("muster-data/trust/root.pem"))
        .factoryIdentity(folder.resolve("SN-4/device.key"), folder.resolve("SN-4/chain.pem"))
        .stateDirectory(folder.resolve("SN-4-state"))
        .build();
    try (again) {
      again.start();
      again.telemetry("env").publish(Map.of("n", 1)).get(30, TimeUnit.SECONDS);
    }
    assertThat(certificatesOf("acme-sn-4")).hasSize(1);
  }

  @Test
  void operatorApi_withoutTheToken_isClosed() {
    PeerProgram curl = PeerProgram.require("curl");
    String url = ports.operatorUrl() + "/api/v1/devices";
    String ca = "muster-data/trust/root.pem";
    assertThat(curl.run(folder, "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca, url)
            .stdout())
        .isEqualTo("401");
    assertThat(curl.run(
                folder,
                "-s",
                "-i",
                "--cacert",
                ca,
                "-H",
                "Authorization: Bearer " + "A".repeat(43),
                url)
            .stdout())
        .contains(" 401 ")
        .contains("application/problem+json");
    assertThat(curl.run(folder, "-s", url.replace("https", "http")).exitCode()).isNotZero();
  }

  @Test
  void operatorApi_guessedTokens_openNothing() {
    Random random = new Random(7);
    StringBuilder guesses = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      byte[] token = new byte[32];
      random.nextBytes(token);
      guesses
          .append(i == 0 ? "" : "next\n")
          .append("url = \"")
          .append(ports.operatorUrl())
          .append("/api/v1/devices\"\noutput = \"/dev/null\"\nwrite-out = \"%{http_code}\\n\"\n")
          .append("cacert = \"muster-data/trust/root.pem\"\nheader = \"Authorization: Bearer ")
          .append(Base64.getUrlEncoder().withoutPadding().encodeToString(token))
          .append("\"\n");
    }
    PeerProgram curl = PeerProgram.require("curl");
    byte[] config = guesses.toString().getBytes(StandardCharsets.US_ASCII);
    String answers =
        curl.run(folder, config, Duration.ofMinutes(1), "-s", "-K", "-").stdout();
    assertThat(answers.lines()).hasSize(300).containsOnly("401");
  }

  @Test
  void operatorApi_pathThatIsNone_isRefusedInOneLine() {
    PeerProgram curl = PeerProgram.require("curl");
    for (String path : List.of("/%", "/%zz", "/api/v1/%")) {
      assertThat(curl.run(
                  folder,
                  "-s",
                  "-g",
                  "--cacert",
                  "muster-data/trust/root.pem",
                  ports.operatorUrl() + path)
              .stdout())
          .contains("\"status\":400")
          .contains("path: not percent-encoded");
    }
    assertThat(backend.stderr()).doesNotContain("\tat ");
  }

  @Test
  void operatorApi_pathThatWouldSteerATerminal_isLoggedHarmlessly() throws Exception {
    PeerProgram openssl = PeerProgram.require("openssl");
    String request =
        "GET /api/v1/\u001b]0;pwned\u0007\u001b[31mRED HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    openssl.run(
        folder,
        request.getBytes(StandardCharsets.ISO_8859_1),
        Duration.ofSeconds(20),
        "s_client",
        "-quiet",
        "-connect",
        "localhost:" + ports.operator(),
        "-CAfile",
        "muster-data/trust/root.pem",
        "-ign_eof");
    await().atMost(Duration.ofSeconds(60)).until(() -> backend.stderr().contains("pwned"));
    assertThat(backend.stderr()).doesNotContain("\u001b").doesNotContain("\u0007");
  }

  @Test
  void operatorApi_unknownThings_areToldAsSuch() {
    assertThat(muster("admin", "devices", "show", "nobody").expect(1).stderr()).contains("nobody");
    assertThat(muster("admin", "certificates", "revoke", "00ff").expect(1).stderr())
        .contains("00ff");
    assertThat(muster("admin", "certificates", "revoke", "../devices").expect(1).stderr())
        .contains("muster: ");
    assertThat(muster("admin", "telemetry", "query", "nobody", "--from", "yesterday")
            .expect(1)
            .stderr())
        .contains("yesterday");
  }

  @Test
  void garbage_onEveryPort_disturbsNobody() throws Exception {
    try (FleetDevice device = device("SN-5")) {
      device.start();
      device.telemetry("env").publish(Map.of("n", 1)).get(30, TimeUnit.SECONDS);
      Random random = new Random(5);
      for (int port :
          List.of(ports.est(), ports.mqtt(), ports.operator(), ports.http(), ports.metrics())) {
        for (int round = 0; round < 20; round++) {
          throwGarbageAt(port, random);
        }
      }
      device.telemetry("env").publish(Map.of("n", 2)).get(30, TimeUnit.SECONDS);
      assertThat(device.state()).isEqualTo(DeviceState.ONLINE);
      assertThat(operator.get("health").path("status").asText()).isEqualTo("well");
      assertThat(backend.stderr()).doesNotContain("\tat ");
    }
  }

  private static void throwGarbageAt(int port, Random random) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      byte[] garbage = new byte[1 + random.nextInt(4_000)];
      random.nextBytes(garbage);
      socket.getOutputStream().write(garbage);
    } catch (SocketException e) {
      // It hung up before all was said, which is an answer, too.
    }
  }

  @Test
  void mqtt_withoutOrWithAForeignCertificate_isRefusedAndAnOperatorSeesWhy() {
    PeerProgram publish = PeerProgram.require("mosquitto_pub");
    TestPki.write(
        folder,
        "foreign",
        TestPki.root("CN=Other").issue("CN=acme-sn-1,O=plant-a,OU=device").build());
    String[] common = {
      "-h",
      "localhost",
      "-p",
      ports.mqtt().toString(),
      "--cafile",
      "muster-data/trust/root.pem",
      "-i",
      "acme-sn-1",
      "-q",
      "1",
      "-t",
      "fleets/plant-a/devices/acme-sn-1/telemetry/env",
      "-m",
      "1"
    };
    assertThat(publish.run(folder, common).exitCode()).isNotZero();
    List<String> foreign = new ArrayList<>(List.of(common));
    foreign.addAll(List.of("--cert", "foreign.pem", "--key", "foreign.key"));
    assertThat(publish.run(folder, foreign.toArray(String[]::new)).exitCode()).isNotZero();
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(backend.stderr())
            .contains("TLS handshake refused")
            .contains("Empty client certificate chain")
            .contains("unable to find valid certification path"));
  }

  @Test
  void manifest_announcesSerials_andRowsInErrorAreNamed() throws IOException {
    muster("factory", "init", "--out", "listed", "--name", "listed").expect(0);
    muster(
            "admin",
            "manufacturers",
            "add",
            "listed",
            "--ca",
            "listed/ca.pem",
            "--admission",
            "registered")
        .expect(0);
    Files.writeString(folder.resolve("manifest.csv"), "serial,fleet\nA-1,plant-a\nA-2,Plant B\n");
    assertThat(muster("admin", "manifests", "import", "listed", "manifest.csv")
            .expect(1)
            .stdout())
        .contains("added 1")
        .contains("refused 1")
        .contains("Plant B");
    assertThat(muster("admin", "manifests", "import", "listed", "manifest.csv")
            .expect(1)
            .stdout())
        .contains("unchanged 1");
  }

  @Test
  void health_andMetrics_areServed() {
    PeerProgram curl = PeerProgram.require("curl");
    String base = "http://127.0.0.1:" + ports.metrics();
    assertThat(curl.run(folder, "-s", base + "/health").stdout()).contains("\"status\":\"well\"");
    assertThat(curl.run(folder, "-s", base + "/metrics").stdout())
        .contains("muster_")
        .contains("jvm_memory");
  }
}
