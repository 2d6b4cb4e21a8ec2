/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.extension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.PeerProgram.Result;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.paho.mqttv5.client.MqttClient;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * docs/stand-alone-broker.md, to the letter: the extension's zip in a HiveMQ that was started
 * without us, and clients that we did not write.
 */
class StandAloneIT {
  private static final Path ROOT = Path.of(System.getProperty("muster.root"));
  private static final String ZIP = "muster-hivemq-extension-0.1.0-SNAPSHOT.zip";

  private static final Duration LIMIT = Duration.ofSeconds(60);

  /** Ways in that nobody should make: without TLS, and without asking for a certificate. */
  private static final String OPEN_LISTENERS = """
      <tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address></tcp-listener>
      <tls-tcp-listener><port>%d</port><bind-address>127.0.0.1</bind-address><tls>
        <keystore><path>conf/server.p12</path><password>${STORE_PASSWORD}</password>
          <private-key-password>${STORE_PASSWORD}</private-key-password></keystore>
        <client-authentication-mode>NONE</client-authentication-mode>
      </tls></tls-tcp-listener>
      </listeners>""";

  @TempDir
  static Path folder;

  private static final Credential ROOT_CA = TestPki.root("CN=Test Root");
  private static final Credential DEVICE_CA = ROOT_CA.issue("CN=Device CA").ca().build();
  private static final Credential SERVICE_CA =
      ROOT_CA.issue("CN=Service CA").ca().build();
  private static final Map<String, byte[]> CRLS = new ConcurrentHashMap<>();
  private static final Map<String, Integer> PORTS = new HashMap<>();
  private static final Map<String, String> ENVIRONMENT = new HashMap<>();
  private static HttpServer web;
  private static Path home;
  private static StandAloneHiveMq hiveMq;

  @BeforeAll
  static void install() throws Exception {
    home = Files.createDirectories(folder.resolve("hivemq"));
    Files.createDirectories(home.resolve("conf"));
    Files.createDirectories(home.resolve("extensions/hivemq-allow-all-extension"));
    writeCredentials();
    serveCrls();
    for (String listener : List.of("documented", "plain", "unasked", "operator")) {
      PORTS.put(listener, freePort());
    }
    Files.copy(ROOT.resolve("hivemq-extension/target").resolve(ZIP), folder.resolve(ZIP));
    ENVIRONMENT.putAll(Map.of(
        "INSTALL", folder.toString(),
        "HIVEMQ_HOME", home.toString(),
        "STORE_PASSWORD", "a password",
        "OPERATOR_PORT", PORTS.get("operator").toString(),
        "MUSTER_OPERATOR_PORT", PORTS.get("operator").toString(),
        "MUSTER_BROKER_CRL_REFRESH", "1s",
        "MUSTER_CRLS", "http://localhost:" + web.getAddress().getPort() + "/crl/"));
    run(blocks("sh").get(0));
    Files.writeString(
        home.resolve("conf/config.xml"),
        blocks("xml")
            .get(0)
            .replace("<port>8883<", "<port>" + PORTS.get("documented") + "<")
            .replace(
                "</listeners>",
                OPEN_LISTENERS.formatted(PORTS.get("plain"), PORTS.get("unasked"))));
    Files.writeString(
        home.resolve("extensions/muster/muster.yaml"), blocks("yaml").get(0));
    hiveMq = StandAloneHiveMq.start(home, ENVIRONMENT);
  }

  @AfterAll
  static void stop() {
    if (hiveMq != null) {
      hiveMq.close();
    }
    web.stop(0);
  }

  private static void writeCredentials() throws IOException {
    Credential server = SERVICE_CA.issue("CN=broker,OU=server").server().build();
    TestPki.write(folder, "server", server);
    TestPki.write(folder, "operator", server);
    for (String name : List.of("dev-1", "dev-2")) {
      TestPki.write(folder, name, device(name));
    }
    TestPki.write(folder, "reader", SERVICE_CA.issue("CN=reader,OU=consumer").build());
    TestPki.write(
        folder, "enrollment", SERVICE_CA.issue("CN=enrollment,OU=service").build());
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(ROOT_CA.certificate())));
    Files.writeString(
        folder.resolve("device-ca.pem"), TestPki.pem(List.of(DEVICE_CA.certificate())));
    Files.writeString(
        folder.resolve("service-ca.pem"), TestPki.pem(List.of(SERVICE_CA.certificate())));
    CRLS.put("device", TestPki.crl(DEVICE_CA, 1, Duration.ofDays(1), List.of()));
    CRLS.put("service", TestPki.crl(SERVICE_CA, 1, Duration.ofDays(1), List.of()));
  }

  private static Credential device(String name) {
    return DEVICE_CA.issue("CN=" + name + ",O=f1,OU=device").build();
  }

  private static void serveCrls() throws IOException {
    web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    web.createContext("/crl/", exchange -> {
      String file = exchange.getRequestURI().getPath().substring("/crl/".length());
      byte[] crl = CRLS.get(file.replace(".crl", ""));
      exchange.sendResponseHeaders(crl == null ? 404 : 200, crl == null ? -1 : crl.length);
      if (crl != null) {
        exchange.getResponseBody().write(crl);
      }
      exchange.close();
    });
    web.start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static List<String> blocks(String language) throws IOException {
    return Pattern.compile("(?ms)^```" + language + "\n(.*?)^```$")
        .matcher(Files.readString(ROOT.resolve("docs/stand-alone-broker.md")))
        .results()
        .map((MatchResult block) -> block.group(1))
        .toList();
  }

  private static String run(String script) throws IOException {
    for (String program : List.of("unzip", "openssl", "keytool", "curl")) {
      PeerProgram.require(program);
    }
    String exports = ENVIRONMENT.entrySet().stream()
        .map(entry -> "export " + entry.getKey() + "='" + entry.getValue() + "'\n")
        .reduce("set -eu\n", String::concat);
    Path file = Files.writeString(folder.resolve("script.sh"), exports + script);
    return PeerProgram.require("bash")
        .run(folder, file.toString())
        .expectSuccess()
        .stdout();
  }

  private static Result client(String program, String name, String port, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "-V",
        "mqttv5",
        "-h",
        "localhost",
        "-p",
        PORTS.get(port).toString(),
        "-i",
        name,
        "-q",
        "1"));
    arguments.addAll(List.of(more));
    return PeerProgram.require(program)
        .run(folder, new byte[0], LIMIT, arguments.toArray(String[]::new));
  }

  private static Result publish(String device, String port, String topic, String... more) {
    List<String> arguments = new ArrayList<>(List.of("-t", topic, "-m", "{\"temperature\":21.5}"));
    arguments.addAll(List.of(more));
    return client("mosquitto_pub", device, port, arguments.toArray(String[]::new));
  }

  private static String[] as(String name, String... more) {
    List<String> arguments = new ArrayList<>(
        List.of("--cafile", "root.pem", "--cert", name + ".pem", "--key", name + ".key"));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  private static Result publishAs(String device, String topic) {
    return publish(device, "documented", topic, as(device));
  }

  private static String presenceOf(String device) {
    String topic = "fleets/f1/devices/" + device + "/presence";
    String[] once = as("reader", "-t", topic, "-C", "1", "-W", "10");
    return client("mosquitto_sub", "reader", "documented", once).expectSuccess().stdout();
  }

  private static SSLContext tls(Credential client) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "client", client.key(), new char[0], client.chain().toArray(X509Certificate[]::new));
    store.setCertificateEntry("root", ROOT_CA.certificate());
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, new char[0]);
    TrustManagerFactory anchors =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    anchors.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), anchors.getTrustManagers(), null);
    return context;
  }

  private static String telemetry(String device) {
    return "fleets/f1/devices/" + device + "/telemetry/air";
  }

  private static String ask(String path) throws IOException {
    return run(blocks("sh").get(1).replace("/health", path));
  }

  /** One test, because each start of HiveMQ takes seconds. */
  @Test
  void telemetry_isAcknowledgedAndStored_andSurvivesARestart_evenOneThatFails() throws Exception {
    publishAs("dev-1", telemetry("dev-1")).expectSuccess();
    assertThat(ask("/devices/dev-1/telemetry/latest")).contains("\"temperature\"", "21.5");
    hiveMq.stop();
    assertThat(hiveMq.log())
        .contains("Extension \"Muster\" version 0.1.0-SNAPSHOT stopped successfully")
        .doesNotContain("ERROR", "\tat ");

    Map<String, String> wrong = new HashMap<>(ENVIRONMENT);
    wrong.put("MUSTER_BROKER_CRL_REFRESH", "soon");
    hiveMq = StandAloneHiveMq.start(home, wrong);
    assertThat(hiveMq.log()).contains("broker.crlRefresh: \"soon\" (expected: a duration");
    assertThat(publishAs("dev-1", telemetry("dev-1")).output()).contains("Server unavailable");
    hiveMq.close();

    hiveMq = StandAloneHiveMq.start(home, ENVIRONMENT);
    assertThat(ask("/devices/dev-1/telemetry/latest")).contains("\"temperature\"", "21.5");
    // HiveMQ keeps nothing, so it is told again.
    assertThat(presenceOf("dev-1")).contains("\"state\":\"offline\"");
    publishAs("dev-1", telemetry("dev-1")).expectSuccess();
  }

  @Test
  void publish_onTheTopicOfAnother_isRefused() throws Exception {
    assertThat(publishAs("dev-1", telemetry("dev-2")).output()).contains("Not authorized");
    assertThat(ask("/devices/dev-2/telemetry/latest")).doesNotContain("temperature");
  }

  @ParameterizedTest
  @CsvSource({"documented,root.pem", "unasked,root.pem", "plain,"})
  void connect_withoutACertificate_isRefusedByEveryListener(String listener, String anchor) {
    String[] tls = anchor == null ? new String[0] : new String[] {"--cafile", anchor};
    Result result = publish("dev-1", listener, telemetry("dev-1"), tls);
    assertThat(result.exitCode()).as(result.output()).isNotZero();
    if (!listener.equals("documented")) {
      assertThat(result.output()).contains("Not authorized");
    }
  }

  @Test
  void openListener_isToldToOperators() throws Exception {
    assertThat(hiveMq.log()).contains("without TLS, so every client of it is refused");
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(ask("/health"))
            .contains("tcp-listener-" + PORTS.get("plain"), "without TLS")
            .contains("tls-tcp-listener-" + PORTS.get("unasked"), "asks for no certificate")
            .doesNotContain("mqtts"));
  }

  @Test
  void operatorApi_withoutTheToken_tellsNothing() throws Exception {
    String address = "https://localhost:" + PORTS.get("operator") + "/api/v1/health";
    String[] wrong = {"-s", "--cacert", "root.pem", "-H", "Authorization: Bearer x", address};
    assertThat(PeerProgram.require("curl").run(folder, wrong).expectSuccess().stdout())
        .contains("\"status\":401")
        .doesNotContain("problems");
  }

  @Test
  void operatorApi_pathThatIsNone_isRefusedWithoutAStackInTheLog() throws Exception {
    String address = "https://localhost:" + PORTS.get("operator") + "/api/v1/%";
    String[] path = {"-s", "--cacert", "root.pem", address};
    assertThat(PeerProgram.require("curl").run(folder, path).expectSuccess().stdout())
        .contains("\"status\":400", "not percent-encoded");
    assertThat(hiveMq.log()).doesNotContain("QueryStringDecoder");
  }

  @Test
  void revokedCertificate_isCutAndRefused() throws Exception {
    Credential bad = device("bad");
    Credential badToo = device("bad-too");
    TestPki.write(folder, "bad", bad);
    TestPki.write(folder, "bad-too", badToo);
    Process listener = listening("bad-too");
    MqttClient client = new MqttClient(
        "ssl://localhost:" + PORTS.get("documented"), "bad", new MemoryPersistence());
    client.setTimeToWait(60_000);
    MqttConnectionOptions options = new MqttConnectionOptions();
    options.setSocketFactory(tls(bad).getSocketFactory());
    options.setAutomaticReconnect(false);
    client.connect(options);
    CRLS.put("device", crl(2, bad));
    await().atMost(LIMIT).until(() -> !client.isConnected());
    client.close();
    assertThat(publishAs("bad", telemetry("bad")).output()).contains("Not authorized");

    assertThat(listener.isAlive()).as("of another certificate").isTrue();
    push(crl(3, bad, badToo)).expectSuccess();
    awaitOutput("Received DISCONNECT (135)");
    listener.destroy();
    assertThat(publishAs("bad-too", telemetry("bad-too")).output()).contains("Not authorized");
  }

  private static byte[] crl(long number, Credential... revoked) {
    List<BigInteger> serials =
        Stream.of(revoked).map(one -> one.certificate().getSerialNumber()).toList();
    return TestPki.crl(DEVICE_CA, number, Duration.ofDays(1), serials);
  }

  /** Publishes a CRL, as the enrollment service does. */
  private static Result push(byte[] crl) throws IOException {
    Files.write(folder.resolve("pushed.crl"), crl);
    String[] pushed = as("enrollment", "-r", "-t", "muster/revocations/device", "-f", "pushed.crl");
    return client("mosquitto_pub", "enrollment", "documented", pushed);
  }

  /** mosquitto_sub, when it has subscribed; what it says goes to {@code listener.out}. */
  private static Process listening(String device) throws IOException {
    // Into a file it would write in blocks.
    List<String> arguments = new ArrayList<>(List.of(
        "-oL",
        PeerProgram.require("mosquitto_sub").executable().toString(),
        "-d",
        "-V",
        "mqttv5",
        "-h",
        "localhost",
        "-p",
        PORTS.get("documented").toString(),
        "-i",
        device,
        "-t",
        "fleets/f1/devices/" + device + "/commands/+"));
    arguments.addAll(List.of(as(device)));
    Process process = PeerProgram.require("stdbuf")
        .start(
            folder,
            folder.resolve("listener.out"),
            folder.resolve("listener.err"),
            arguments.toArray(String[]::new));
    awaitOutput("Subscribed");
    return process;
  }

  private static void awaitOutput(String expected) {
    await()
        .atMost(LIMIT)
        .untilAsserted(
            () -> assertThat(folder.resolve("listener.out")).content().contains(expected));
  }
}
