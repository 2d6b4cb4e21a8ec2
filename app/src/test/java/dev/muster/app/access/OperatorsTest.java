/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.app.access.Operators.Client;
import dev.muster.app.access.Operators.SignIn;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.testing.MovableClock;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OperatorsTest {
  private static final String PASSWORD = "correct horse battery";
  private static final Client CLIENT = new Client("192.0.2.1", "a browser", null);
  private static final Actor ADMIN = new Actor("operator:ada", "192.0.2.1");

  @TempDir
  Path folder;

  private final MovableClock clock = MovableClock.at(Instant.parse("2026-03-01T12:00:00Z"));
  private final SessionBook sessions = new SessionBook(clock);
  private final List<AuditEvent> events = new ArrayList<>();
  private Path file;
  private Operators operators;
  private SignIn.Welcome ada;

  @BeforeEach
  void setUp() {
    file = folder.resolve("operators.json");
    operators = new Operators(new AccountsFile(file), sessions, clock, events::add);
    ada = operators.setUp(operators.firstLink().orElseThrow(), "ada", PASSWORD, CLIENT);
  }

  private Operators reopened() {
    return new Operators(new AccountsFile(file), sessions, clock, events::add);
  }

  @Test
  void firstLink_whenThereIsAnAdmin_isNotMade() {
    assertThat(ada.role()).isEqualTo(Role.ADMIN);
    assertThat(reopened().firstLink()).isEmpty();
  }

  @Test
  void link_used_isWorthNothing() {
    String link = operators.create("bob", Role.VIEWER, ADMIN);
    operators.setUp(link, null, PASSWORD, CLIENT);
    assertThatThrownBy(() -> operators.setUp(link, null, "another password", CLIENT))
        .isInstanceOf(HttpException.class);
  }

  @Test
  void link_replacedOrADayOld_isWorthNothing() {
    String first = operators.create("bob", Role.VIEWER, ADMIN);
    String second = operators.newLink("bob", ADMIN);
    assertThatThrownBy(() -> operators.invited(first)).isInstanceOf(HttpException.class);
    assertThat(operators.invited(second)).isEqualTo("bob");
    clock.advance(Duration.ofHours(24));
    assertThatThrownBy(() -> operators.invited(second)).isInstanceOf(HttpException.class);
  }

  @Test
  void signIn_withTheRightPassword_opensASession_alsoAfterARestart() {
    assertThat(reopened().signIn("ada", PASSWORD, CLIENT)).isInstanceOf(SignIn.Welcome.class);
    assertThat(reopened().signIn("ada", "wrong horse battery", CLIENT))
        .isInstanceOf(SignIn.Refused.class);
    assertThat(reopened().signIn("nobody", PASSWORD, CLIENT)).isInstanceOf(SignIn.Refused.class);
  }

  @Test
  void signIn_guessed_isSlowedDown_butNotForTheOwnersBrowser() {
    for (int i = 0; i < 5; i++) {
      assertThat(operators.signIn("ada", "guess", CLIENT)).isInstanceOf(SignIn.Refused.class);
    }
    assertThat(operators.signIn("ada", PASSWORD, CLIENT)).isInstanceOf(SignIn.Wait.class);
    Client known = new Client(CLIENT.address(), "a browser", ada.device());
    assertThat(operators.signIn("ada", PASSWORD, known)).isInstanceOf(SignIn.Welcome.class);
    Client forged = new Client(CLIENT.address(), "a browser", "nonce.forged");
    assertThat(operators.signIn("ada", PASSWORD, forged)).isInstanceOf(SignIn.Wait.class);
  }

  @Test
  void file_holdsNoSecret() throws IOException {
    String link = operators.create("bob", Role.VIEWER, ADMIN);
    String token = token(Role.OPERATOR).text();
    String kept = Files.readString(file);
    assertThat(kept)
        .contains("ada", "bob", "$argon2id$")
        .doesNotContain(PASSWORD, link, token.substring(20), ada.cookie());
  }

  @Test
  void file_damaged_isToldWithWhatToDo() throws IOException {
    Files.writeString(file, "{\"version\": 1, \"operators\": ");
    assertThatThrownBy(() -> new AccountsFile(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("operators.json");
  }

  @Test
  void change_whenTheAuditLogCannotBeWritten_isNotMade() {
    Operators unaudited = new Operators(new AccountsFile(file), sessions, clock, event -> {
      throw new IllegalStateException("disk full");
    });
    assertThatThrownBy(() -> unaudited.create("bob", Role.VIEWER, ADMIN)).hasMessage("disk full");
    assertThat(reopened().all()).extracting(Accounts.Operator::name).containsExactly("ada");
  }

  @Test
  void change_byAnotherProcess_isSeen() {
    reopened().create("bob", Role.VIEWER, ADMIN);
    assertThat(operators.all()).extracting(Accounts.Operator::name).containsExactly("ada", "bob");
  }

  private Operators.NewToken token(Role role) {
    return operators.createToken(ada.session(), "ci", role, Duration.ofDays(1), ADMIN);
  }

  @Test
  void token_works_untilItExpires() {
    String text = token(Role.OPERATOR).text();
    assertThat(operators.byToken(text)).hasValueSatisfying(caller -> {
      assertThat(caller.role()).isEqualTo(Role.OPERATOR);
      assertThat(caller.auditName()).isEqualTo("operator:ada/ci");
    });
    assertThat(operators.byToken(text + "x")).isEmpty();
    assertThat(operators.byToken("muster__")).isEmpty();
    clock.advance(Duration.ofDays(1));
    assertThat(operators.byToken(text)).isEmpty();
  }

  @Test
  void token_mayNeverDoMoreThanItsOwner() {
    operators.setUp(operators.create("bob", Role.ADMIN, ADMIN), null, PASSWORD, CLIENT);
    String text = token(Role.ADMIN).text();
    operators.changeRole("ada", Role.VIEWER, ADMIN);
    assertThat(operators.byToken(text).orElseThrow().role()).isEqualTo(Role.VIEWER);
    operators.remove("ada", ADMIN);
    assertThat(operators.byToken(text)).isEmpty();
    assertThat(operators.byCookie(ada.cookie())).isEmpty();
  }

  @Test
  void lastAdmin_staysOne() {
    operators.create("bob", Role.ADMIN, ADMIN); // Who has no password yet.
    assertThatThrownBy(() -> operators.changeRole("ada", Role.VIEWER, ADMIN))
        .hasFieldOrPropertyWithValue("statusCode", 409);
    assertThatThrownBy(() -> operators.remove("ada", ADMIN))
        .hasFieldOrPropertyWithValue("statusCode", 409);
  }

  @Test
  void password_changed_endsTheOtherSessions() {
    SignIn.Welcome other = (SignIn.Welcome) operators.signIn("ada", PASSWORD, CLIENT);
    operators.changePassword(ada.session(), PASSWORD, "another long password");
    assertThat(operators.byCookie(ada.cookie())).isPresent();
    assertThat(operators.byCookie(other.cookie())).isEmpty();
    assertThat(operators.signIn("ada", "another long password", CLIENT))
        .isInstanceOf(SignIn.Welcome.class);
  }

  @Test
  void password_tooShortOrWithTheName_isRefused() {
    for (String bad : List.of("short", "ada-ada-ada-ada", "x".repeat(201))) {
      assertThatThrownBy(() -> operators.changePassword(ada.session(), PASSWORD, bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("12 to 200");
    }
  }

  @Test
  void changes_areAllWrittenDown() {
    operators.create("bob", Role.VIEWER, ADMIN);
    operators.changeRole("bob", Role.OFFICER, ADMIN);
    operators.newLink("bob", ADMIN);
    operators.remove("bob", ADMIN);
    operators.revokeToken(token(Role.VIEWER).token().id(), null, ADMIN);
    operators.endSession(ada.session().id(), "ada", ADMIN);
    assertThat(events)
        .extracting(AuditEvent::action)
        .containsExactly(
            "operator.password-set",
            "operator.created",
            "operator.role-changed",
            "operator.link-made",
            "operator.removed",
            "token.created",
            "token.revoked",
            "session.ended");
    assertThat(events.get(2).details())
        .containsEntry("before", "viewer")
        .containsEntry("after", "officer");
  }
}
