/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.muster.app.Door;
import dev.muster.app.backend.Endpoints;
import dev.muster.app.doctor.ClientHello.Answer;
import dev.muster.app.doctor.Finding.Verdict;
import dev.muster.app.operator.OperatorClient;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is bad is seen: servers that take what ours refuses. */
class DoctorTest {
  @TempDir
  Path folder;

  private Process server;

  @AfterEach
  void stop() {
    if (server != null) {
      server.destroyForcibly();
    }
  }

  private static boolean answers(int port) {
    try (Socket socket = new Socket("localhost", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
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
    int port = Door.closed();
    List<String> command = new ArrayList<>(List.of(
        openssl.toString(),
        "s_server",
        "-accept",
        Integer.toString(port),
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
    await().until(() -> answers(port));
    return port;
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

  /** An operator API that issues a certificate which is none, and may revoke it or not. */
  private List<Finding> admission(String revoking, List<String> asked) throws IOException {
    Credential root = TestPki.root("CN=root");
    Files.createDirectories(folder.resolve("trust"));
    Files.writeString(folder.resolve("trust/root.pem"), TestPki.pem(List.of(root.certificate())));
    Path token = Files.writeString(folder.resolve("admin-token"), "A".repeat(43));
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
    String issued = "{\"serial\": \"abc123\", \"chain\": \"no certificate\"}";
    try (Door api = Door.tls(root.issue("CN=localhost").server().build(), null, caller -> {
      String line = Door.request(caller).lines().findFirst().orElse("");
      asked.add(line);
      String body = line.contains("/revoke ") ? "{}" : issued;
      String status = line.contains("/revoke ") ? revoking : "200 OK";
      caller
          .getOutputStream()
          .write(("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: " + body.length()
                  + "\r\n\r\n" + body)
              .getBytes(StandardCharsets.US_ASCII));
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
    assertThat(admission("200 OK", asked))
        .allMatch(finding -> finding.verdict() == Verdict.UNKNOWN)
        .anyMatch(finding -> finding.check().equals("mqtt: revoked certificate"));
    assertThat(asked).last().asString().startsWith("POST /api/v1/certificates/abc123/revoke");
  }

  @Test
  void trialCertificate_thatCannotBeRevoked_isTold() throws IOException {
    assertThat(admission("500 Internal Server Error", new CopyOnWriteArrayList<>()))
        .filteredOn(finding -> finding.verdict() == Verdict.BAD)
        .singleElement()
        .satisfies(finding -> {
          assertThat(finding.seen()).contains("abc123");
          assertThat(finding.advice()).contains("muster admin certificates revoke abc123");
        });
  }
}
