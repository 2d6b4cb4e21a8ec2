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
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.agent.AgentConfig;
import dev.muster.hardware.agent.DeviceAgent;
import dev.muster.hardware.factory.CaCommand;
import dev.muster.hardware.factory.Factory;
import dev.muster.hardware.factory.IdevidOrder;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.MovableClock;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.SoftHsm;
import dev.muster.testing.Swtpm;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices whose keys never leave a chip, and the agent with its sensors, on one backend. */
class HardwareIT {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  static Path folder;

  private static final String PROVIDERS = " -provider tpm2 -provider default";

  private static Backend backend;
  private static Factory factory;
  private static OperatorClient operator;

  private final MovableClock clock = MovableClock.running();

  @BeforeAll
  static void startBackend() throws Exception {
    MusterConfig config = MusterConfig.read(
        folder.resolve("none.yaml"),
        Map.of(),
        Map.of(
            "host", "127.0.0.1",
            "ports.est", "0",
            "ports.operator", "0",
            "ports.mqtt", "0",
            "ports.http", "0",
            "ports.metrics", "0"));
    DataDirectory data =
        DataDirectory.openOrCreate(folder.resolve("data"), config, Clock.systemUTC());
    backend = Backend.start(data, config, EnumSet.allOf(Backend.Role.class), Clock.systemUTC());
    factory = Factory.init(folder.resolve("acme"), "acme", Clock.systemUTC());
    operator = OperatorClient.local(folder.resolve("data"));
    register("acme", factory.certificate(), factory::prove);
  }

  private static void register(
      String name, X509Certificate ca, Function<String, X509Certificate> prove) {
    JsonNode registered = operator.post(
        "manufacturers",
        JSON.createObjectNode()
            .put("name", name)
            .put("ca", Pem.of(List.of(ca)))
            .put("admission", "auto"));
    String challenge = registered.path("cas").path(0).path("challenge").asText();
    operator.post(
        "manufacturers/" + name + "/proof",
        JSON.createObjectNode().put("certificate", Pem.of(List.of(prove.apply(challenge)))));
  }

  @AfterAll
  static void stopBackend() {
    backend.close();
  }

  /** A device of a factory: its serial number, where its IDevID's key is, and where others are. */
  private record Made(String serial, URI idevid, URI keys) {}

  private Made make(String serial, URI idevid, URI keys) {
    factory.issue(new IdevidOrder(serial, null, idevid, List.of()), folder.resolve(serial));
    return new Made(serial, idevid, keys);
  }

  private FleetDevice start(Made made) {
    FleetDevice device = FleetDevice.builder()
        .enrollment(backend.endpoints().estUrl())
        .broker(backend.endpoints().mqttUrl())
        .trust(folder.resolve("data/trust/root.pem"))
        .factoryIdentity(made.idevid(), folder.resolve(made.serial()).resolve("chain.pem"))
        .keys(made.keys())
        .stateDirectory(state(made))
        .clock(clock)
        .build();
    device.start();
    return device;
  }

  private Path state(Made made) {
    return folder.resolve("state-" + made.serial());
  }

  private static void publish(FleetDevice device) throws Exception {
    device.telemetry("env").publish(Map.of("temperature", 21.4)).get(30, TimeUnit.SECONDS);
  }

  /** Renewal is due after two thirds to five sixths of 30 days. */
  private void renew(Made... devices) {
    clock.advance(Duration.ofDays(26));
    for (Made device : devices) {
      await().atMost(Duration.ofSeconds(90)).until(() -> current(device) == 2);
    }
    clock.advance(Duration.ofDays(-26));
  }

  private int current(Made made) throws IOException {
    return Integer.parseInt(
        Files.readString(state(made).resolve("identity/current")).strip());
  }

  @Test
  void keysInTpmAndToken_factoryEnrollPublishRenew_whileTheTpmIsKilled() throws Exception {
    SoftHsm hsm = SoftHsm.newToken(folder);
    String query = "?module-path=" + hsm.library() + "&pin-source=" + hsm.pinFile();
    try (Swtpm tpm = Swtpm.start(folder)) {
      Made withTpm = make("SN-1", tpm.uri("?handle=0x81020000"), tpm.uri(""));
      Made withToken = make(
          "SN-2",
          URI.create("pkcs11:token=" + hsm.label() + ";object=idevid" + query),
          URI.create("pkcs11:token=" + hsm.label() + query));
      announce("acme", factory, 2);
      restart(tpm);
      try (FleetDevice one = start(withTpm);
          FleetDevice two = start(withToken)) {
        publish(one);
        publish(two);
        tpm.kill();
        publish(one); // The connection needs no key any more.
        tpm.start();
        renew(withTpm, withToken);
        publish(one);
        publish(two);
      }
      restart(tpm);
      try (FleetDevice again = start(withTpm)) {
        publish(again);
        assertThat(again.statistics().enrollments()).isZero();
      }
      assertThat(state(withTpm).resolve("identity/0002/key.tss")).exists();
      assertThat(state(withToken).resolve("identity/0002/key.uri"))
          .hasContent("pkcs11:token=" + hsm.label() + ";object=muster-0002");
      for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
        assertConnects(withTpm, protocol);
        assertConnects(withToken, protocol);
      }
    }
  }

  /** A key that others have made in the chip; and a CA that is elsewhere. */
  @Test
  void keyOfTpm2Openssl_certifiedUponTheStationsRequestByOpenssl_enrollsAndPublishes()
      throws Exception {
    try (Swtpm tpm = Swtpm.start(folder)) {
      Path files = Files.createDirectory(folder.resolve("elsewhere"));
      Files.writeString(files.resolve("idevid"), """
          basicConstraints=critical,CA:FALSE
          keyUsage=critical,digitalSignature
          authorityKeyIdentifier=keyid
          """);
      Files.writeString(files.resolve("manifest"), """
          extendedKeyUsage=emailProtection
          """);
      Files.writeString(files.resolve("proof"), """
          extendedKeyUsage=timeStamping
          """);
      Path sign = Files.writeString(files.resolve("sign.sh"), """
          #!/bin/sh
          cd "$(dirname "$0")" &&
          exec openssl x509 -req -CA ca.pem -CAkey ca.key -set_serial "0x$(openssl rand -hex 8)" \
            -days 3650 -extfile "$FACTORY_REQUEST"
          """);
      Files.setPosixFilePermissions(sign, PosixFilePermissions.fromString("rwx------"));
      PeerProgram.require("tpm2")
          .run(files, "startup", "-c", "-T", "swtpm:host=127.0.0.1,port=" + tpm.port())
          .expectSuccess();
      openssl(files, tpm, "genpkey -algorithm EC -pkeyopt group:P-256 -out idevid.tss" + PROVIDERS);
      openssl(
          files,
          tpm,
          "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem"
              + " -days 3650 -subj /O=Elsewhere/CN=CA -addext keyUsage=critical,keyCertSign");
      Path home = folder.resolve("station");
      Factory.station(home, files.resolve("ca.pem"), Clock.systemUTC());
      Factory station = Factory.open(
          home, new CaCommand(sign.toString(), Duration.ofMinutes(1)), Clock.systemUTC());
      register("elsewhere", station.certificate(), station::prove);

      URI idevid = tpm.uri("?file=" + files.resolve("idevid.tss"));
      station.issue(new IdevidOrder("SN-12", null, idevid, List.of()), folder.resolve("SN-12"));
      announce("elsewhere", station, 1);
      try (FleetDevice device = start(new Made("SN-12", idevid, tpm.uri("")))) {
        publish(device);
        assertThat(device.subject().orElseThrow().device()).hasToString("elsewhere-sn-12");
      }
    }
  }

  private static void openssl(Path files, Swtpm tpm, String arguments) {
    List<String> command = new ArrayList<>(List.of(
        "TPM2OPENSSL_TCTI=swtpm:host=127.0.0.1,port=" + tpm.port(),
        PeerProgram.require("openssl").executable().toString()));
    command.addAll(List.of(arguments.split(" ")));
    PeerProgram.require("env").run(files, command.toArray(String[]::new)).expectSuccess();
  }

  /** From now on the serial numbers that the factory has given are let in with these keys alone. */
  private static void announce(String manufacturer, Factory station, int atLeast)
      throws IOException {
    Path manifest = folder.resolve(manufacturer + ".p7m");
    station.manifest(null, manifest);
    JsonNode taken = operator.upload(
        "manufacturers/" + manufacturer + "/manifest",
        "application/octet-stream",
        Files.readAllBytes(manifest));
    assertThat(taken.path("added").asInt()).isGreaterThanOrEqualTo(atLeast);
    assertThat(taken.path("refused").asInt()).isZero();
  }

  private static void restart(Swtpm tpm) {
    tpm.kill();
    tpm.start();
  }

  @Test
  void agent_readsSensors_asOftenAsTheTwinWants_andRestartsTheMachineOnCommand() throws Exception {
    factory.issue("SN-3", folder.resolve("SN-3"));
    Path zone = Files.createDirectories(folder.resolve("sys/class/thermal/thermal_zone0"));
    Files.writeString(zone.resolve("type"), "cpu-thermal\n");
    Files.writeString(zone.resolve("temp"), "48312\n");
    Path restarted = folder.resolve("restarted");
    Path config = Files.writeString(folder.resolve("device.properties"), """
        enrollment=%s
        broker=%s
        trust=%s
        identity.key=%s
        identity.chain=%s
        state=%s
        sys=%s
        interval.seconds=86400
        statistics.seconds=1
        reboot=touch %s
        """.formatted(
            backend.endpoints().estUrl(),
            backend.endpoints().mqttUrl(),
            folder.resolve("data/trust/root.pem"),
            folder.resolve("SN-3/device.key"),
            folder.resolve("SN-3/chain.pem"),
            folder.resolve("state-SN-3"),
            folder.resolve("sys"),
            restarted));
    try (DeviceAgent agent = DeviceAgent.start(AgentConfig.read(config), Clock.systemUTC())) {
      await()
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptions()
          .until(() -> temperature() == 48.312);

      Files.writeString(zone.resolve("temp"), "50000\n");
      operator.patch("devices/acme-sn-3/twin", JSON.createObjectNode().put("samplingSeconds", 1));
      await().atMost(Duration.ofSeconds(30)).until(() -> temperature() == 50);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> operator
                  .get("devices/acme-sn-3/twin")
                  .path("reported")
                  .path("samplingSeconds")
                  .asInt()
              == 1);

      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> latest("sdk", "connections") == 1 && latest("sdk", "key.time") > 0);

      assertThat(resultOf("muster.logs").toString()).contains("ONLINE");
      resultOf("reboot");
      await().until(() -> Files.exists(restarted));
      assertThat(agent.device().state()).isEqualTo(DeviceState.ONLINE);
    }
  }

  private static String claimToken(@Nullable String serial) {
    return operator
        .post("claims", JSON.createObjectNode().put("manufacturer", "acme").put("serial", serial))
        .path("claims")
        .path(0)
        .path("token")
        .asText();
  }

  /** What the package runs holds of its libraries what it needs, wherever the keys are. */
  @Test
  void agents_ofTheDebianPackage_withKeysInTpmTokenAndFiles_areHeard() throws Exception {
    Path deb = MusterProcess.ROOT.resolve("hardware/target/muster-device_all.deb");
    PeerProgram.require("dpkg-deb")
        .run(folder, "-x", deb.toString(), folder.resolve("package").toString())
        .expectSuccess();
    SoftHsm hsm = SoftHsm.newToken(folder);
    String query = "?module-path=" + hsm.library() + "&pin-source=" + hsm.pinFile();
    List<Process> agents = new ArrayList<>();
    try (Swtpm tpm = Swtpm.start(folder)) {
      Made withTpm = make("SN-13", tpm.uri("?handle=0x81020000"), tpm.uri(""));
      Made withToken = make(
          "SN-14",
          URI.create("pkcs11:token=" + hsm.label() + ";object=idevid" + query),
          URI.create("pkcs11:token=" + hsm.label() + query));
      restart(tpm); // It was this process's.
      Path claim = Files.writeString(folder.resolve("claim-SN-15"), claimToken("SN-15") + "\n");

      agents.add(startPackaged("SN-13", whereItsKeysAre(withTpm)));
      agents.add(startPackaged("SN-14", whereItsKeysAre(withToken)));
      agents.add(startPackaged("SN-15", "claim.token=" + claim));

      for (String serial : List.of("SN-13", "SN-14", "SN-15")) {
        await()
            .atMost(Duration.ofSeconds(90))
            .ignoreExceptions()
            .untilAsserted(() -> assertThat(operator
                    .get("devices/acme-" + serial.toLowerCase(Locale.ROOT) + "/telemetry/latest")
                    .path("values"))
                .as("%s", Files.readString(folder.resolve(serial + ".err")))
                .isNotEmpty());
      }
      assertThat(state(withTpm).resolve("identity/0001/key.tss")).exists();
      assertThat(state(withToken).resolve("identity/0001/key.uri")).exists();
    } finally {
      agents.forEach(Process::destroy);
      for (Process agent : agents) {
        assertThat(agent.waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
    }
  }

  private static String whereItsKeysAre(Made made) {
    return """
        identity.key=%s
        identity.chain=%s
        keys=%s""".formatted(
            made.idevid(), folder.resolve(made.serial()).resolve("chain.pem"), made.keys());
  }

  private static Process startPackaged(String serial, String identity) throws IOException {
    Path config = Files.writeString(folder.resolve(serial + ".properties"), """
        enrollment=%s
        broker=%s
        trust=%s
        %s
        state=%s
        sys=%s
        statistics.seconds=1
        """.formatted(
            backend.endpoints().estUrl(),
            backend.endpoints().mqttUrl(),
            folder.resolve("data/trust/root.pem"),
            identity,
            folder.resolve("state-" + serial),
            folder.resolve("no-sensors")));
    return PeerProgram.require("sh")
        .start(
            folder,
            folder.resolve(serial + ".out"),
            folder.resolve(serial + ".err"),
            folder.resolve("package/usr/bin/muster-device").toString(),
            "--config",
            config.toString());
  }

  @Test
  void agent_claimTokenInPlaceOfAnIdevid_isLetIn() throws Exception {
    String token = claimToken("SN-9");
    Path config = Files.writeString(folder.resolve("claiming.properties"), """
        enrollment=%s
        broker=%s
        trust=%s
        claim.token=%s
        state=%s
        sys=%s
        """.formatted(
            backend.endpoints().estUrl(),
            backend.endpoints().mqttUrl(),
            folder.resolve("data/trust/root.pem"),
            Files.writeString(folder.resolve("claim-token"), token + "\n"),
            folder.resolve("state-SN-9"),
            folder.resolve("no-sensors")));
    try (DeviceAgent agent = DeviceAgent.start(AgentConfig.read(config), Clock.systemUTC())) {
      await()
          .atMost(Duration.ofSeconds(60))
          .until(() -> agent.device().state() == DeviceState.ONLINE);
      assertThat(operator.get("devices/acme-sn-9").path("identifiedBy").asText())
          .isEqualTo("claim");
      assertThat(agent.device().log().lines()).noneMatch(line -> line.contains(token));
    }
  }

  @Test
  void device_whoseManufacturerDemandsAClaimToken_needsItBesidesItsIdevid() {
    Path identity = folder.resolve("SN-10");
    factory.issue("SN-10", identity);
    FleetDevice.Builder builder = FleetDevice.builder()
        .enrollment(backend.endpoints().estUrl())
        .broker(backend.endpoints().mqttUrl())
        .trust(folder.resolve("data/trust/root.pem"))
        .factoryIdentity(identity.resolve("device.key"), identity.resolve("chain.pem"))
        .stateDirectory(folder.resolve("state-SN-10"));
    demandClaims(true);
    try {
      try (FleetDevice without = builder.build()) {
        without.start();
        await()
            .atMost(Duration.ofSeconds(60))
            .until(() -> without.reason().contains("401: claim token: none"));
      }
      try (FleetDevice both = builder.claimToken(claimToken(null)).build()) {
        both.start();
        await().atMost(Duration.ofSeconds(60)).until(() -> both.state() == DeviceState.ONLINE);
      }
    } finally {
      demandClaims(false);
    }
  }

  private static void demandClaims(boolean demanded) {
    operator.post(
        "manufacturers/acme/policy", JSON.createObjectNode().put("claimRequired", demanded));
  }

  private static JsonNode resultOf(String command) {
    JsonNode sent = operator.post(
        "devices/acme-sn-3/commands",
        JSON.createObjectNode().put("name", command).put("validForSeconds", 60));
    String resource = "commands/" + sent.path("id").asText();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> operator.get(resource).path("state").asText().equals("done"));
    return operator.get(resource).path("result");
  }

  private static double temperature() {
    return latest("sensors", "thermal.0.cpu-thermal");
  }

  private static double latest(String stream, String metric) {
    for (JsonNode value : operator.get("devices/acme-sn-3/telemetry/latest").path("values")) {
      if (value.path("stream").asText().equals(stream)
          && value.path("metric").asText().equals(metric)) {
        return value.path("value").asDouble();
      }
    }
    return Double.NaN;
  }

  /** To our broker as the device, with one version of TLS. */
  private void assertConnects(Made made, String protocol) throws IOException {
    Path generation = state(made).resolve("identity/0002");
    try (KeyVault vault = KeyPlaces.open(made.keys())) {
      TlsIdentity identity = TlsIdentity.of(
          Credential.of(made.keys(), vault.load(generation), generation.resolve("chain.pem")),
          TrustAnchors.read(folder.resolve("data/trust/root.pem")),
          DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
      URI broker = backend.endpoints().mqttUrl();
      try (SSLSocket socket = (SSLSocket)
          identity.context().getSocketFactory().createSocket(broker.getHost(), broker.getPort())) {
        socket.setEnabledProtocols(new String[] {protocol});
        socket.startHandshake();
        assertThat(socket.getSession().getProtocol()).isEqualTo(protocol);
        sendConnect(socket, "acme-" + made.serial().toLowerCase(Locale.ROOT));
        assertThat(socket.getInputStream().readNBytes(4)).containsExactly(0x20, 2, 0, 0);
      }
    }
  }

  /** CONNECT of MQTT 3.1.1, with a clean session. */
  private static void sendConnect(SSLSocket socket, String client) throws IOException {
    DataOutputStream out = new DataOutputStream(socket.getOutputStream());
    byte[] id = client.getBytes(StandardCharsets.US_ASCII);
    out.write(new byte[] {0x10, (byte) (12 + id.length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60});
    out.writeShort(id.length);
    out.write(id);
    out.flush();
  }
}
