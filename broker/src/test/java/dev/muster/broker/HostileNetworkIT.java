/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.broker.bench.MqttPackets;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedKeyManager;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who sits on the line, and who knocks without a key. */
class HostileNetworkIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @TempDir
  static Path folder;

  private static BrokerFixture fixture;
  private static Mosquitto mosquitto;

  @BeforeAll
  static void start() throws IOException {
    fixture = new BrokerFixture(folder);
    fixture.device("d1");
    fixture.device("d2");
    TestPki.Credential revoked = fixture.device("revoked");
    fixture.putCrl("device", fixture.deviceCrl(2, revoked.certificate().getSerialNumber()));
    fixture.start();
    mosquitto = new Mosquitto(fixture);
  }

  @AfterAll
  static void stop() {
    fixture.close();
  }

  private static String topic(String stream) {
    return "fleets/f1/devices/d1/telemetry/" + stream;
  }

  /** All that the device has had stored. */
  private static String stored() {
    return fixture.get("/devices/d1/messages").encode();
  }

  @Test
  void passwords_openNothing_andTakeNothingAway() {
    assertThat(mosquitto
            .pub("", "d1", "-u", "d1", "-P", "guessed", "-q", "1", "-t", topic("p"), "-m", "1")
            .exitCode())
        .isNotZero();
    // A name is not who one is: with the certificate of d1 one is d1.
    mosquitto
        .pub("d1", "d1", "-u", "operator", "-P", "x", "-q", "1", "-t", topic("p"), "-m", "42")
        .expectSuccess();
    assertThat(mosquitto
            .pub(
                "d1", "d1", "-u", "operator", "-P", "x", "-V", "5", "-q", "1", "-t", "x", "-m", "1")
            .output())
        .contains("Not authorized");
  }

  @Test
  void certificate_thatTheClientMadeItself_isRefused() {
    TestPki.Credential own =
        TestPki.root("CN=Device CA").issue(BrokerFixture.deviceName("d1")).build();
    fixture.keep("forged", own);
    assertThat(mosquitto
            .pub("forged", "d1", "-q", "1", "-t", topic("f"), "-m", "1")
            .exitCode())
        .isNotZero();
  }

  /**
   * What openssl says until the broker ends the connection.
   *
   * @param when it has said this,
   * @param line it is given this
   */
  private static String openssl(String when, String line, String... more) throws IOException {
    Path out = Files.createTempFile(folder, "openssl", ".out");
    List<String> arguments = new ArrayList<>(
        List.of("s_client", "-connect", "localhost:" + fixture.port(), "-CAfile", "root.pem"));
    arguments.addAll(List.of(more));
    Path err = Files.createTempFile(folder, "openssl", ".err");
    Process process =
        PeerProgram.require("openssl").start(folder, out, err, arguments.toArray(String[]::new));
    try {
      await().atMost(LIMIT).until(() -> said(out, err).contains(when));
      try {
        // Not closed: openssl would end by itself, before the broker ends the connection.
        OutputStream input = process.getOutputStream();
        input.write(line.getBytes(StandardCharsets.US_ASCII));
        input.flush();
      } catch (IOException e) {
        // The broker has ended the connection, and openssl with it, before it was given the line.
      }
      await().atMost(LIMIT).until(() -> !process.isAlive());
      return said(out, err);
    } finally {
      process.destroyForcibly();
    }
  }

  private static String said(Path out, Path err) throws IOException {
    return Files.readString(out, StandardCharsets.ISO_8859_1) + Files.readString(err);
  }

  @ParameterizedTest
  @ValueSource(strings = {"-tls1", "-tls1_1"})
  void tls_olderThan12_isRefused(String protocol) throws IOException {
    String[] weak = {protocol, "-cipher", "ALL:@SECLEVEL=0", "-cert", "d1.pem", "-key", "d1.key"};
    assertThat(openssl("CONNECTED", "", weak))
        .contains("Cipher is (NONE)")
        .containsIgnoringCase("alert protocol version");
  }

  /** Without ephemeral keys, and without authenticated encryption. */
  @ParameterizedTest
  @ValueSource(
      strings = {"kRSA:@SECLEVEL=0", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA"})
  void tls_weakSuite_isRefused(String suite) throws IOException {
    String[] old = {"-tls1_2", "-cipher", suite, "-cert", "d1.pem", "-key", "d1.key"};
    assertThat(openssl("CONNECTED", "", old))
        .contains("Cipher is (NONE)")
        .containsIgnoringCase("handshake failure");
  }

  @Test
  void tls_clientThatComputesNoAesByItself_getsChaCha20() throws IOException {
    String order = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
    assertThat(openssl(
            "Verify return code",
            "Q\n",
            "-tls1_3",
            "-ciphersuites",
            order,
            "-cert",
            "d1.pem",
            "-key",
            "d1.key"))
        .contains("Cipher is TLS_CHACHA20_POLY1305_SHA256");
  }

  @Test
  void tls_renegotiation_isRefused() throws IOException {
    // A line with an R has openssl ask for another handshake.
    assertThat(openssl("Verify return code", "R\n", "-tls1_2", "-cert", "d1.pem", "-key", "d1.key"))
        .contains("RENEGOTIATING")
        .containsIgnoringCase("alert");
  }

  /** Java's own TLS as a client that would be somebody else in its next handshake. */
  @Test
  void tls_renegotiation_withAnotherCertificate_isRefused_andThatIsNotAskedFor() throws Exception {
    Changing keys = new Changing(fixture.device("d1"));
    try (SSLSocket socket = (SSLSocket)
        fixture.tls(keys).getSocketFactory().createSocket("localhost", fixture.port())) {
      socket.setSoTimeout((int) LIMIT.toMillis());
      socket.setEnabledProtocols(new String[] {"TLSv1.2"});
      socket.startHandshake();
      assertThat(keys.asked).isTrue();
      keys.become(fixture.device("d2"));
      assertThatThrownBy(() -> {
            socket.startHandshake();
            socket.getInputStream().read();
          })
          .isInstanceOf(SSLException.class)
          .hasMessageContaining("alert");
      assertThat(keys.asked).isFalse();
    }
  }

  /** Shows whom it is told to be. */
  private static final class Changing extends X509ExtendedKeyManager {
    private volatile TestPki.Credential shown;
    volatile boolean asked;

    Changing(TestPki.Credential shown) {
      this.shown = shown;
    }

    void become(TestPki.Credential other) {
      shown = other;
      asked = false;
    }

    @Override
    public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
      asked = true;
      return "shown";
    }

    @Override
    public X509Certificate[] getCertificateChain(String alias) {
      return shown.chain().toArray(X509Certificate[]::new);
    }

    @Override
    public PrivateKey getPrivateKey(String alias) {
      return shown.key();
    }

    @Override
    public String[] getClientAliases(String type, Principal[] issuers) {
      return new String[] {"shown"};
    }

    @Override
    public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
      return null;
    }

    @Override
    public String[] getServerAliases(String type, Principal[] issuers) {
      return null;
    }
  }

  @Test
  void tls_postHandshakeAuthentication_isNoWayIn() throws IOException {
    assertThat(openssl("Verify return code", "hello\n", "-tls1_3", "-enable_pha"))
        .containsIgnoringCase("alert");
  }

  /** Who says that it could show a certificate later is judged by the one that it came with. */
  @ParameterizedTest
  @CsvSource({"d2,d1,2", "revoked,revoked,5"})
  void tls_postHandshakeAuthentication_isNotAskedFor_ofWhoCameWithACertificate(
      String certificate, String clientId, int code) throws IOException {
    byte[] connect = MqttPackets.connect(MqttPackets.MQTT_3, clientId, 60);
    String said = openssl(
        "Verify return code",
        new String(connect, StandardCharsets.US_ASCII),
        "-tls1_3",
        "-enable_pha",
        "-msg",
        "-cert",
        certificate + ".pem",
        "-key",
        certificate + ".key");
    assertThat(said.split("CertificateRequest", -1))
        .as("once, in the handshake")
        .hasSize(2);
    assertThat(said).as("CONNACK").contains("\u0020\u0002\u0000" + (char) code);
  }

  /** Stands between a client and the broker, keeps what goes by, and may change it. */
  private static final class Line implements AutoCloseable {
    private final ServerSocket listener;
    private final ByteArrayOutputStream fromClient = new ByteArrayOutputStream();
    private final int flipAt;

    /** @param flipAt which byte of the client's is changed; -1: none */
    Line(int flipAt) throws IOException {
      this.flipAt = flipAt;
      listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
      start(this::serve);
    }

    private static void start(Runnable work) {
      Thread thread = new Thread(work);
      thread.setDaemon(true);
      thread.start();
    }

    private void serve() {
      try (Socket client = listener.accept();
          Socket broker = new Socket(InetAddress.getLoopbackAddress(), fixture.port())) {
        start(() -> copyBack(broker, client));
        InputStream in = client.getInputStream();
        OutputStream out = broker.getOutputStream();
        byte[] buffer = new byte[4096];
        for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
          byte[] passed = Arrays.copyOf(buffer, read);
          int flip = flipAt - fromClient.size();
          if (flip >= 0 && flip < read) {
            passed[flip] ^= 1;
          }
          fromClient.write(passed);
          out.write(passed);
        }
      } catch (IOException e) {
        // One of them has closed.
      }
    }

    private static void copyBack(Socket broker, Socket client) {
      try {
        broker.getInputStream().transferTo(client.getOutputStream());
        client.shutdownOutput();
      } catch (IOException e) {
        // One of them has closed.
      }
    }

    PeerProgram.Result publish(String stream, String payload) {
      return PeerProgram.require("mosquitto_pub")
          .run(
              folder,
              new byte[0],
              Duration.ofSeconds(15),
              "-h",
              "localhost",
              "-p",
              Integer.toString(listener.getLocalPort()),
              "--cafile",
              "root.pem",
              "--cert",
              "d1.pem",
              "--key",
              "d1.key",
              "-i",
              "d1",
              "-q",
              "1",
              "-t",
              topic(stream),
              "-m",
              payload);
    }

    byte[] recorded() {
      return fromClient.toByteArray();
    }

    @Override
    public void close() throws IOException {
      listener.close();
    }
  }

  @Test
  void recordedConnection_playedAgain_storesNothing() throws IOException {
    byte[] recorded;
    try (Line line = new Line(-1)) {
      line.publish("replayed", "1").expectSuccess();
      recorded = line.recorded();
    }
    String before = stored();
    assertThat(before).contains("replayed");
    assertThat(new String(recorded, StandardCharsets.ISO_8859_1)).doesNotContain("replayed");
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.port())) {
      socket.setSoTimeout(15_000);
      socket.getOutputStream().write(recorded);
      socket.getOutputStream().flush();
      // The broker's keys are fresh, so that the client's second message fits them no more.
      assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
    }
    assertThat(stored()).isEqualTo(before);
  }

  @Test
  void byteChangedOnTheLine_endsTheConnection_beforeAnythingIsStored() throws IOException {
    int whole;
    try (Line line = new Line(-1)) {
      line.publish("measured", "1").expectSuccess();
      whole = line.recorded().length;
    }
    // Within the record that carries the message, or the one before it.
    try (Line line = new Line(whole - 60)) {
      assertThat(line.publish("tampered", "1").exitCode()).isNotZero();
    }
    assertThat(stored()).doesNotContain("tampered");
  }
}
