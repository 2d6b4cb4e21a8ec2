/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import static dev.muster.app.Door.WELCOME;
import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.app.Door;
import dev.muster.app.doctor.Attempt.Outcome;
import dev.muster.testing.TestPki;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.net.ServerSocket;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Being let in, being turned away, and not knowing. */
class AttemptTest {
  private static final MqttWords MQTT = new MqttWords("doctor");
  private static final Credential ROOT = TestPki.root("CN=root");
  private static final Credential SERVER = ROOT.issue("CN=localhost").server().build();
  private static final X509Certificate OTHER_CA = TestPki.root("CN=another CA").certificate();

  private static Visitor nobody() {
    return new Visitor(List.of(ROOT.certificate()), null);
  }

  private static Visitor foreigner() {
    return new Visitor(
        List.of(ROOT.certificate()),
        ForeignIdentity.make(new X500Principal("CN=device CA"), Instant.now()));
  }

  @Test
  void foreignCertificate_isShown_toAServerThatNamesOtherCas() throws IOException {
    try (Door door =
        Door.tls(SERVER, new Door.Wanted(OTHER_CA, true), Door.mqtt("doctor", WELCOME))) {
      assertThat(foreigner().visit(door.port(), MQTT)).isEqualTo(Attempt.letIn("CONNACK 0"));
      assertThat(door.shown()).singleElement().satisfies(shown -> {
        assertThat(shown.getSubjectX500Principal().getName()).contains("CN=doctor");
        assertThat(shown.getIssuerX500Principal().getName()).isEqualTo("CN=device CA");
      });
    }
  }

  @Test
  void foreignCertificate_refused_isTurnedAway() throws IOException {
    try (Door door =
        Door.tls(SERVER, new Door.Wanted(OTHER_CA, false), Door.mqtt("doctor", WELCOME))) {
      Attempt attempt = Admission.shown(foreigner(), door.port(), MQTT);
      assertThat(attempt.outcome()).isEqualTo(Outcome.TURNED_AWAY);
      assertThat(attempt.how()).contains("handshake was refused");
    }
  }

  @Test
  void foreignCertificate_neverAskedFor_showsNothing() throws IOException {
    try (Door door =
        Door.tls(SERVER, null, Door.mqtt("doctor", (byte) 32, (byte) 2, (byte) 0, (byte) 5))) {
      assertThat(nobody().visit(door.port(), MQTT)).isEqualTo(Attempt.turnedAway("CONNACK 5"));
      assertThat(Admission.shown(foreigner(), door.port(), MQTT).outcome())
          .isEqualTo(Outcome.UNKNOWN);
    }
  }

  /** It is about the visit that failed, not about those before it. */
  @Test
  void foreignCertificate_letInOnce_isNotTurnedAwayByADoorThatIsClosedThen() throws IOException {
    Visitor visitor = foreigner();
    int port;
    try (Door door =
        Door.tls(SERVER, new Door.Wanted(OTHER_CA, true), Door.mqtt("doctor", WELCOME))) {
      port = door.port();
      assertThat(visitor.visit(port, MQTT).outcome()).isEqualTo(Outcome.LET_IN);
    }
    assertThat(visitor.visit(port, MQTT).outcome()).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void noCertificate_whereOneIsNeeded_isTurnedAway() throws IOException {
    try (Door door =
        Door.tls(SERVER, new Door.Wanted(OTHER_CA, true), Door.mqtt("doctor", WELCOME))) {
      assertThat(nobody().visit(door.port(), MQTT).outcome()).isEqualTo(Outcome.TURNED_AWAY);
    }
  }

  @Test
  void anotherServerOnThePort_isUnknown() throws IOException {
    Credential other =
        TestPki.root("CN=other root").issue("CN=localhost").server().build();
    Credential elsewhere =
        ROOT.issue("CN=elsewhere").server("elsewhere.example").build();
    for (Credential wrong : List.of(other, elsewhere)) {
      try (Door door = Door.tls(wrong, null, Door.mqtt("doctor", WELCOME))) {
        Attempt attempt = nobody().visit(door.port(), MQTT);
        assertThat(attempt.outcome()).isEqualTo(Outcome.UNKNOWN);
        assertThat(attempt.how()).contains("not the server that we trust");
      }
    }
  }

  @Test
  void closedPort_isUnknown() throws IOException {
    int port = Door.closed();
    assertThat(nobody().visit(port, MQTT).outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(MQTT.sayInTheClear(port).outcome()).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void hungPort_isUnknown() throws IOException {
    try (ServerSocket hung = new ServerSocket(0)) {
      Visitor impatient = new Visitor(List.of(ROOT.certificate()), null, 200);
      assertThat(impatient.visit(hung.getLocalPort(), MQTT).outcome()).isEqualTo(Outcome.UNKNOWN);
    }
  }

  @Test
  void mqttInTheClear_isLetIn_orClosed_orAnsweredInTls() throws IOException {
    try (Door open = Door.plain(Door.mqtt("doctor", WELCOME));
        Door closing = Door.plain(Door.mqtt("doctor"));
        Door tls = Door.plain(Door.mqtt("doctor", (byte) 21, (byte) 3));
        Door other = Door.plain(Door.mqtt("doctor", (byte) 'H', (byte) 'i'))) {
      assertThat(MQTT.sayInTheClear(open.port()).outcome()).isEqualTo(Outcome.LET_IN);
      assertThat(MQTT.sayInTheClear(closing.port()).outcome()).isEqualTo(Outcome.TURNED_AWAY);
      assertThat(MQTT.sayInTheClear(tls.port()).outcome()).isEqualTo(Outcome.TURNED_AWAY);
      assertThat(MQTT.sayInTheClear(other.port()).outcome()).isEqualTo(Outcome.UNKNOWN);
    }
  }

  @Test
  void mqttThatIsUnavailable_isUnknown() throws IOException {
    try (Door door = Door.plain(Door.mqtt("doctor", (byte) 32, (byte) 2, (byte) 0, (byte) 3))) {
      assertThat(MQTT.sayInTheClear(door.port()).outcome()).isEqualTo(Outcome.UNKNOWN);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1 200 OK, LET_IN",
    "HTTP/1.1 202 Accepted, LET_IN",
    "HTTP/1.1 400 Bad Request, LET_IN",
    "HTTP/1.1 401 Unauthorized, TURNED_AWAY",
    "HTTP/1.0 403, TURNED_AWAY",
    "HTTP/1.1 404 Not Found, UNKNOWN",
    "HTTP/1.1 429 Too Many Requests, UNKNOWN",
    "HTTP/1.1 503 Service Unavailable, UNKNOWN",
    "HTTP/1.1, UNKNOWN",
    "HTTP, UNKNOWN"
  })
  void enrollment_answered_isJudgedByItsStatus(String line, Outcome expected) throws IOException {
    try (Door door = Door.tls(SERVER, null, Door.http(line + "\r\n\r\n"))) {
      HttpWords words = HttpWords.post("/x", "application/pkcs10", "AAAA", List.of(400));
      assertThat(nobody().visit(door.port(), words).outcome()).isEqualTo(expected);
    }
  }
}
