/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.app.Door;
import dev.muster.app.UserError;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OperatorClientTest {
  private static final ObjectNode BODY = JsonNodeFactory.instance.objectNode();
  private static final Credential ROOT = TestPki.root("CN=root");
  private static final Credential SERVER = ROOT.issue("CN=localhost").server().build();

  @TempDir
  Path folder;

  private final List<String> keys = new CopyOnWriteArrayList<>();

  @BeforeEach
  void files() throws IOException {
    Files.writeString(folder.resolve("root.pem"), TestPki.pem(List.of(ROOT.certificate())));
    Path token = Files.writeString(folder.resolve("token"), "A".repeat(43));
    Files.setPosixFilePermissions(token, PosixFilePermissions.fromString("rw-------"));
  }

  /** Answers from the given request on, and hangs up before. */
  private Door server(int from) throws IOException {
    return Door.tls(SERVER, null, caller -> {
      keys.addAll(Door.request(caller)
          .lines()
          .filter(line -> line.startsWith("Idempotency-Key: "))
          .toList());
      if (keys.size() >= from) {
        caller
            .getOutputStream()
            .write("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
                .getBytes(StandardCharsets.US_ASCII));
      }
    });
  }

  private OperatorClient client(Door door) {
    return new OperatorClient(
        URI.create("https://localhost:" + door.port()),
        folder.resolve("root.pem"),
        folder.resolve("token"));
  }

  @Test
  void server_thatAnotherCaVouchesFor_orOfAnotherName_isNotShownTheToken() throws IOException {
    Credential stranger = TestPki.root("CN=root").issue("CN=localhost").server().build();
    Credential elsewhere =
        ROOT.issue("CN=elsewhere").server("elsewhere.example").build();
    List<String> asked = new CopyOnWriteArrayList<>();
    for (Credential impostor : List.of(stranger, elsewhere)) {
      try (Door door = Door.tls(impostor, null, caller -> asked.add(Door.request(caller)))) {
        OperatorClient client = client(door);
        assertThatThrownBy(() -> client.get("devices")).isInstanceOf(UserError.class);
      }
    }
    assertThat(asked).allMatch(String::isEmpty);
    try (Door door = server(0)) {
      assertThat(client(door).get("devices")).isEmpty();
    }
  }

  @Test
  void postOnce_whoseAnswerIsLost_asksAgainByTheSameKey() throws IOException {
    try (Door door = server(2)) {
      assertThat(client(door).postOnce("commands", BODY)).isEmpty();
    }
    assertThat(keys).hasSize(2);
    assertThat(keys.stream().distinct()).hasSize(1);
  }

  @Test
  void postOnce_thatIsNeverAnswered_givesUp_andTheNextHasAnotherKey() throws IOException {
    try (Door door = server(100)) {
      OperatorClient client = client(door);
      assertThatThrownBy(() -> client.postOnce("commands", BODY)).isInstanceOf(UserError.class);
      assertThatThrownBy(() -> client.postOnce("commands", BODY)).isInstanceOf(UserError.class);
    }
    assertThat(keys).hasSize(4);
    assertThat(keys.stream().distinct()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({
    "401 Unauthorized, false",
    "403 Forbidden, false",
    "404 Not Found, false",
    "429 Too Many Requests, true",
    "500 Internal Server Error, true",
    "503 Service Unavailable, true"
  })
  void refusal_isToldFromWhatMayBeAnsweredLater(String status, boolean later) throws IOException {
    try (Door door = Door.tls(SERVER, null, caller -> {
      Door.request(caller);
      caller
          .getOutputStream()
          .write(("HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}")
              .getBytes(StandardCharsets.US_ASCII));
    })) {
      assertThatThrownBy(() -> client(door).get("devices"))
          .isExactlyInstanceOf(later ? NoAnswer.class : UserError.class)
          .hasMessage("the server answered with status " + status.substring(0, 3));
    }
  }

  @Test
  void serverThatIsGone_mayAnswerLater() throws IOException {
    OperatorClient client;
    try (Door door = server(1)) {
      client = client(door);
    }
    assertThatThrownBy(() -> client.get("devices")).isInstanceOf(NoAnswer.class);
  }
}
