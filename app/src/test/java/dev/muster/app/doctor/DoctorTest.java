/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.app.Door;
import dev.muster.app.UserError;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.command.DoctorCommand;
import dev.muster.app.doctor.ClientHello.Answer;
import dev.muster.app.doctor.Finding.Verdict;
import dev.muster.app.operator.OperatorClient;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is bad is seen: servers that take what ours refuses. */
class DoctorTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Pattern LISTENS = Pattern.compile("ACCEPT .*:(\\d+)\n");

  @TempDir
  Path folder;

  private Process server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.destroyForcibly();
    }
  }

  /** An openssl server that may do anything. */
  private int careless(String... options) throws IOException {
    Path openssl = PeerProgram.require("openssl").executable();
    PeerProgram.require("openssl")
        .run(
            folder,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout k.pem -out c.pem"
                .concat(" -subj /CN=localhost -days 2")
                .split(" "))
        .expectSuccess();
    List<String> command = new ArrayList<>(List.of(
        openssl.toString(),
        "s_server",
        "-accept",
        "0",
        "-key",
        "k.pem",
        "-cert",
        "c.pem",
        "-cipher",
        "ALL:COMPLEMENTOFALL:@SECLEVEL=0"));
    command.addAll(List.of(options));
    server = new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("server.out").toFile())
        .start();
    Path said = folder.resolve("server.out");
    await().atMost(LIMIT).until(() -> LISTENS.matcher(Files.readString(said)).find());
    Matcher listens = LISTENS.matcher(Files.readString(said));
    assertThat(listens.find()).isTrue();
    return Integer.parseInt(listens.group(1));
  }

  @Test
  void helloByHand_findsWhatACarelessServerTakes() throws IOException {
    int port = careless("-tls1");
    assertThat(new ClientHello(0x0301, List.of(0xC009)).offerTo(port))
        .isEqualTo(new Answer.Chosen(0xC009));
    assertThat(new ClientHello(0x0301, List.of(0x0018)).offerTo(port))
        .isInstanceOf(Answer.Alert.class);
    assertThat(TlsOffers.weaknesses("x", port).verdict())
        .as("TLS 1.2 is refused, so nothing is shown")
        .isNotEqualTo(Verdict.GOOD);
  }

  @Test
  void weakSuites_ofACarelessServer_areFound() throws IOException {
    int port = careless("-tls1_2");
    assertThat(TlsOffers.weaknesses("x", port).seen())
        .contains("no encryption (suite 0xC006)")
        .doesNotContain("TLS 1.0");
  }

  @Test
  void serverOfTls13Alone_refusesAllBefore() throws IOException {
    Finding finding = TlsOffers.weaknesses("x", careless("-tls1_3"));
    assertThat(finding.verdict()).isEqualTo(Verdict.GOOD);
    assertThat(finding.seen()).contains("all before TLS 1.3");
  }

  @Test
  void serverThatIsCareful_isGood_andOneThatHangsUpIsUnknown() throws IOException {
    Credential credential =
        TestPki.root("CN=root").issue("CN=localhost").server().build();
    try (Door careful = Door.tls(credential, null, caller -> {});
        Door shut = Door.plain(caller -> {})) {
      Finding finding = TlsOffers.weaknesses("x", careful.port());
      assertThat(finding.verdict()).isEqualTo(Verdict.GOOD);
      assertThat(finding.seen()).contains("no forward secrecy");
      assertThat(TlsOffers.weaknesses("x", shut.port()).verdict()).isEqualTo(Verdict.UNKNOWN);
    }
  }

  /** It may be too busy just then: its gate closes connections, and says nothing. */
  @Test
  void serverThatHangsUp_onWhatIsWeak_isUnknown() throws IOException {
    try (Door moody = Door.plain(DoctorTest::hangUpOnWhatIsWeak)) {
      Finding finding = TlsOffers.weaknesses("x", moody.port());
      assertThat(finding.verdict()).isEqualTo(Verdict.UNKNOWN);
      assertThat(finding.seen()).contains("hung up", "SSL 3.0", "no encryption");
    }
  }

  private static void hangUpOnWhatIsWeak(Socket caller) throws IOException {
    DataInputStream in = new DataInputStream(caller.getInputStream());
    in.skipNBytes(3);
    ByteBuffer hello = ByteBuffer.wrap(in.readNBytes(in.readUnsignedShort()));
    boolean usual = hello.getShort(4) == 0x0303 && hello.getShort(41) == (short) 0xC009;
    if (usual) {
      DataOutputStream out = new DataOutputStream(caller.getOutputStream());
      out.write(new byte[] {22, 3, 3, 0, 0, 2, 0, 0, 0, 3, 3});
      out.write(new byte[32]);
      out.write(0);
      out.writeShort(0xC009);
    }
  }

  /** A killed one leaves ports.json behind. */
  @Test
  void musterThatWasKilled_isNotExamined() throws IOException {
    trust(TestPki.root("CN=root"));
    Files.writeString(
        folder.resolve("ports.json"),
        "{\"operator\": %1$d, \"mqtt\": %1$d}".formatted(Door.closed()));
    assertThat(new CommandLine(new DoctorCommand()).execute("--json", "--data", folder.toString()))
        .isEqualTo(3);
    assertThatThrownBy(() -> new Doctor(folder, Clock.systemUTC(), false).examine())
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith("nobody answers");
  }

  /** What a data directory has for whoever calls at the operator API; returns the token's file. */
  private Path trust(Credential root) throws IOException {
    Files.createDirectories(folder.resolve("trust"));
    Files.writeString(folder.resolve("trust/root.pem"), TestPki.pem(List.of(root.certificate())));
    Path token = Files.writeString(folder.resolve("admin-token"), "A".repeat(43));
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    return token;
  }

  /**
   * An operator API that issues a certificate which is none, and may revoke it or not.
   *
   * @param issuing its status; empty if it hangs up
   */
  private List<Finding> admission(String issuing, String revoking, List<String> asked)
      throws IOException {
    Credential root = TestPki.root("CN=root");
    Path token = trust(root);
    String issued = "{\"serial\": \"abc123\", \"chain\": \"no certificate\"}";
    try (Door api = Door.tls(root.issue("CN=localhost").server().build(), null, caller -> {
      String line = Door.request(caller).lines().findFirst().orElse("");
      asked.add(line);
      String body = line.contains("/revoke ") ? "{}" : issued;
      String status = line.contains("/revoke ") ? revoking : issuing;
      String answer = status.isEmpty()
          ? ""
          : "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + body.length()
              + "\r\n\r\n" + body;
      caller.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII));
    })) {
      int nobody = Door.closed();
      Endpoints ports = new Endpoints(nobody, null, nobody, null, null, null, null);
      OperatorClient operator = new OperatorClient(
          URI.create("https://localhost:" + api.port()), folder.resolve("trust/root.pem"), token);
      Findings findings = new Findings();
      new Admission(new Patient(folder, ports, operator, Clock.systemUTC()), true)
          .examine(findings);
      return findings.all();
    }
  }

  @Test
  void trialCertificate_whateverHappens_isRevoked() throws IOException {
    List<String> asked = new CopyOnWriteArrayList<>();
    assertThat(admission("200 OK", "200 OK", asked))
        .allMatch(finding -> finding.verdict() == Verdict.UNKNOWN)
        .anyMatch(finding -> finding.check().equals("mqtt: revoked certificate"));
    assertThat(asked).last().asString().startsWith("POST /api/v1/certificates/abc123/revoke");
  }

  @Test
  void trialCertificate_thatCannotBeRevoked_isTold() throws IOException {
    assertThat(admission("200 OK", "500 Internal Server Error", new CopyOnWriteArrayList<>()))
        .filteredOn(finding -> finding.verdict() == Verdict.BAD)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.seen()).contains("abc123");
          assertThat(finding.advice()).contains("muster admin certificates revoke abc123");
        });
  }

  /** It may have been issued: whoever reads this is told which it would be. */
  @Test
  void trialCertificate_whoseAnswerIsLost_isNamed() throws IOException {
    assertThat(admission("", "200 OK", new CopyOnWriteArrayList<>()))
        .filteredOn(finding -> finding.check().equals("mqtt: revoked certificate"))
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.verdict()).isEqualTo(Verdict.UNKNOWN);
          assertThat(finding.advice())
              .containsPattern("certificate doctor-[0-9a-z]+ ")
              .contains("muster admin certificates revoke");
        });
  }
}
