/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.app.UserError;
import dev.muster.app.access.Accounts.Operator;
import dev.muster.app.access.Operators.Client;
import dev.muster.app.access.Operators.SignIn;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.protocol.once.IfMatch;
import dev.muster.testing.MovableClock;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
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
  private OperatorCertificates certificates = OperatorCertificates.NONE;
  private Operators operators;
  private SignIn.Welcome ada;

  @BeforeEach
  void setUp() {
    file = folder.resolve("operators.json");
    operators = new Operators(
        new AccountsFile(file), sessions, shown -> certificates.find(shown), clock, events::add);
    ada = operators.setUp(operators.firstLink().orElseThrow(), "ada", PASSWORD, CLIENT);
  }

  private Operators reopened() {
    return new Operators(
        new AccountsFile(file), sessions, shown -> certificates.find(shown), clock, events::add);
  }

  @Test
  void certificate_opensTheAccountOfItsName_asLongAsItIsGood() {
    certificates = shown -> Optional.of(new OperatorCertificates.Name("ada", clock.instant()));
    SignIn.Welcome welcome = (SignIn.Welcome) operators.signIn(List.of(), CLIENT);
    Session session = operators.byCookie(welcome.cookie()).orElseThrow().session();
    Login.Certificate login = (Login.Certificate) session.login();
    assertThat(operators.isCertified(session, login)).isTrue();
    Caller byItself = operators.byCertificate(List.of()).orElseThrow();
    assertThat(byItself.role()).isEqualTo(Role.ADMIN);
    assertThat(byItself.auditName()).isEqualTo("operator:ada/(certificate)");
    assertThat(Accounts.isName("(certificate)"))
        .as("as an API token may be called")
        .isFalse();
    assertThat(events).anySatisfy(event -> assertThat(event.toString()).contains("certificate"));
    assertThatThrownBy(
            () -> operators.createToken(session, "t", Role.VIEWER, Duration.ofDays(1), ADMIN))
        .isInstanceOf(HttpException.class);
    certificates = OperatorCertificates.NONE;
    assertThat(operators.isCertified(session, login)).isFalse();
    assertThat(operators.signIn(List.of(), CLIENT)).isInstanceOf(SignIn.Refused.class);
  }

  @Test
  void certificate_olderThanTheAccountOfItsName_isSomebodyElses() {
    Instant before = clock.instant();
    clock.advance(Duration.ofSeconds(1));
    operators.create("bob", Role.ADMIN, List.of(), ADMIN);
    certificates = shown -> Optional.of(new OperatorCertificates.Name("bob", before));
    assertThat(operators.byCertificate(List.of())).isEmpty();
    certificates = shown -> Optional.of(new OperatorCertificates.Name("bob", clock.instant()));
    assertThat(operators.byCertificate(List.of())).isPresent();
    SignIn.Welcome welcome = (SignIn.Welcome) operators.signIn(List.of(), CLIENT);
    operators.remove("bob", IfMatch.ANYTHING, ADMIN);
    clock.advance(Duration.ofSeconds(1));
    operators.create("bob", Role.ADMIN, List.of(), ADMIN);
    assertThat(operators.byCookie(welcome.cookie())).isEmpty();
    certificates = shown -> Optional.of(new OperatorCertificates.Name("eve", null));
    assertThat(operators.byCertificate(List.of())).as("no account").isEmpty();
  }

  @Test
  void firstLink_whenThereIsAnAdmin_isNotMade() {
    assertThat(ada.role()).isEqualTo(Role.ADMIN);
    assertThat(reopened().firstLink()).isEmpty();
  }

  @Test
  void firstLink_whenAnAdminHasComeInAnotherWay_isWorthNothing() {
    Operators fresh = fresh();
    String first = fresh.firstLink().orElseThrow();
    fresh.setUp(fresh.create("bob", Role.ADMIN, List.of(), ADMIN), null, PASSWORD, CLIENT);
    assertRefused(403, () -> fresh.invited(first));
    assertRefused(403, () -> fresh.setUp(first, "eve", PASSWORD, CLIENT));
    assertThat(fresh.all()).extracting(Operator::name).containsExactly("bob");
  }

  @Test
  void firstLink_forANameThatIsAnothers_takesNothingOver() {
    Operators fresh = fresh();
    String first = fresh.firstLink().orElseThrow();
    fresh.setUp(fresh.create("bob", Role.VIEWER, List.of(), ADMIN), null, PASSWORD, CLIENT);
    assertRefused(409, () -> fresh.setUp(first, "bob", "another password", CLIENT));
    assertThat(fresh.signIn("bob", PASSWORD, CLIENT)).isInstanceOf(SignIn.Welcome.class);
    assertThat(fresh.setUp(first, "eve", PASSWORD, CLIENT).role()).isEqualTo(Role.ADMIN);
  }

  private Operators fresh() {
    return new Operators(
        new AccountsFile(folder.resolve("fresh.json")),
        sessions,
        shown -> certificates.find(shown),
        clock,
        events::add);
  }

  private static void assertRefused(int status, ThrowingCallable call) {
    assertThatThrownBy(call).hasFieldOrPropertyWithValue("statusCode", status);
  }

  @Test
  void link_used_isWorthNothing() {
    String link = operators.create("bob", Role.VIEWER, List.of(), ADMIN);
    operators.setUp(link, null, PASSWORD, CLIENT);
    assertThatThrownBy(() -> operators.setUp(link, null, "another password", CLIENT))
        .isInstanceOf(HttpException.class);
  }

  @Test
  void link_replacedOrADayOld_isWorthNothing() {
    String first = operators.create("bob", Role.VIEWER, List.of(), ADMIN);
    String second = operators.newLink("bob", ADMIN);
    assertThatThrownBy(() -> operators.invited(first)).isInstanceOf(HttpException.class);
    assertThat(operators.invited(second)).isEqualTo("bob");
    clock.advance(Duration.ofHours(24));
    assertThatThrownBy(() -> operators.invited(second)).isInstanceOf(HttpException.class);
  }

  @Test
  void link_toChooseAPassword_isOverWhenItIsChangedOtherwise() {
    String link = operators.newLink("ada", ADMIN);
    operators.changePassword(ada.session(), PASSWORD, "another long password");
    assertRefused(403, () -> operators.setUp(link, null, "a third long password", CLIENT));
  }

  @Test
  void link_usedByWhoIsKnown_leavesSinceWhenHeIs() {
    clock.advance(Duration.ofHours(1));
    operators.setUp(operators.newLink("ada", ADMIN), null, "another long password", CLIENT);
    assertThat(operators.all())
        .extracting(Operator::createdAt)
        .containsExactly("2026-03-01T12:00:00Z");
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
    assertThat(operators.isKnown("ada", known)).isTrue();
    assertThat(operators.isKnown("eve", known)).as("another's mark").isFalse();
    Client forged = new Client(CLIENT.address(), "a browser", "nonce.forged");
    assertThat(operators.isKnown("ada", forged)).isFalse();
    assertThat(operators.signIn("ada", PASSWORD, forged)).isInstanceOf(SignIn.Wait.class);
  }

  @Test
  void signIn_withNamesThatNobodyCanHave_isCountedAsOne() {
    for (int i = 0; i < 5; i++) {
      assertThat(operators.signIn("No name " + i, "guess", CLIENT))
          .isInstanceOf(SignIn.Refused.class);
    }
    assertThat(operators.signIn("x".repeat(1_000_000), "guess", CLIENT))
        .isInstanceOf(SignIn.Wait.class);
    assertThat(operators.signIn("ada", PASSWORD, CLIENT)).isInstanceOf(SignIn.Welcome.class);
  }

  @Test
  void signIn_whenTheAuditLogCannotBeWritten_goesOn() {
    assertThat(unaudited().signIn("ada", PASSWORD, CLIENT)).isInstanceOf(SignIn.Welcome.class);
  }

  @Test
  void secrets_areInNothingThatIsLogged() throws IOException {
    operators.newLink("ada", ADMIN);
    Operators.NewToken token = token(Role.VIEWER);
    Client known = new Client(CLIENT.address(), "a browser", ada.device());
    Accounts accounts = new AccountsFile(file).current();
    assertThat(List.of(ada, token, known, accounts, accounts.invitations()).toString())
        .contains("ada", "192.0.2.1")
        .doesNotContain(
            ada.cookie(),
            ada.device(),
            ada.session().csrf(),
            token.text(),
            token.token().hash(),
            "argon2",
            accounts.deviceKey(),
            accounts.invitations().get(0).hash());
  }

  @Test
  void file_holdsNoSecret() throws IOException {
    String link = operators.create("bob", Role.VIEWER, List.of(), ADMIN);
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
  void file_ofNothing_isDamaged() throws IOException {
    for (String nothing : List.of("", "null", "{}", "{\"version\": 1}")) {
      Files.writeString(file, nothing);
      assertThatThrownBy(() -> new AccountsFile(file))
          .as(nothing)
          .isInstanceOf(UserError.class)
          .hasMessageContaining("damaged");
    }
  }

  @Test
  void file_damagedMeanwhile_leavesTheLastGoodAccounts_andIsNotWrittenOver() throws IOException {
    byte[] good = Files.readAllBytes(file);
    for (String damaged : List.of("", "null", "{\"version\": 1, \"operators\": ")) {
      Files.writeString(file, damaged);
      assertThat(operators.byCookie(ada.cookie())).as(damaged).isPresent();
      assertThat(operators.signIn("eve", PASSWORD, CLIENT)).isInstanceOf(SignIn.Refused.class);
      assertRefused(503, () -> operators.create("bob", Role.VIEWER, List.of(), ADMIN));
      assertThat(file).hasContent(damaged);
    }
    Files.write(file, good);
    operators.create("bob", Role.VIEWER, List.of(), ADMIN);
    assertThat(reopened().all()).extracting(Operator::name).containsExactly("ada", "bob");
  }

  @Test
  void change_whenTheAuditLogCannotBeWritten_isNotMade() {
    assertThatThrownBy(() -> unaudited().create("bob", Role.VIEWER, List.of(), ADMIN))
        .hasMessage("disk full");
    assertThat(reopened().all()).extracting(Operator::name).containsExactly("ada");
  }

  private Operators unaudited() {
    return new Operators(
        new AccountsFile(file), sessions, OperatorCertificates.NONE, clock, event -> {
          throw new IllegalStateException("disk full");
        });
  }

  @Test
  void fleets_limitAnOperatorAndHisTokens_andAreInTheAuditLog() {
    operators.setUp(
        operators.create("sue", Role.ADMIN, List.of("south", "east", "south"), ADMIN),
        null,
        PASSWORD,
        CLIENT);
    SignIn.Welcome sue = (SignIn.Welcome) operators.signIn("sue", PASSWORD, CLIENT);
    assertThat(sue.fleets()).containsExactly("east", "south");
    String token = operators
        .createToken(sue.session(), "t", Role.VIEWER, Duration.ofDays(1), ADMIN)
        .text();
    assertThat(operators.byToken(token).orElseThrow().fleets()).containsExactly("east", "south");
    operators.changeRole("sue", Role.ADMIN, List.of("south"), IfMatch.ANYTHING, ADMIN);
    assertThat(reopened().byToken(token).orElseThrow().fleets()).containsExactly("south");
    operators.changeRole("sue", Role.OFFICER, null, IfMatch.ANYTHING, ADMIN);
    assertThat(operators.byCookie(sue.cookie()).orElseThrow().fleets()).containsExactly("south");
    assertThat(events.toString()).contains("fleetsBefore", "east,south", "fleetsAfter");
    assertThatThrownBy(() -> operators.create("eve", Role.VIEWER, List.of("Not A Fleet"), ADMIN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void change_toLess_stopsWhatTheOperatorHasOrdered() {
    List<String> stopped = new ArrayList<>();
    Journal journal = new Journal() {
      @Override
      public void note(AuditEvent event) {
        events.add(event);
      }

      @Override
      public void noteLess(AuditEvent event, String operator) {
        stopped.add(operator);
      }
    };
    Operators some =
        new Operators(new AccountsFile(file), sessions, OperatorCertificates.NONE, clock, journal);
    some.create("bob", Role.OPERATOR, List.of(), ADMIN);
    some.changeRole("bob", Role.OFFICER, null, IfMatch.ANYTHING, ADMIN);
    assertThat(stopped).as("more").isEmpty();
    some.changeRole("bob", Role.VIEWER, null, IfMatch.ANYTHING, ADMIN);
    some.changeRole("bob", Role.VIEWER, List.of("north", "south"), IfMatch.ANYTHING, ADMIN);
    some.changeRole("bob", Role.VIEWER, List.of("north"), IfMatch.ANYTHING, ADMIN);
    assertThat(stopped).containsExactly("operator:bob", "operator:bob", "operator:bob");
    some.changeRole("bob", Role.VIEWER, List.of(), IfMatch.ANYTHING, ADMIN);
    assertThat(stopped).hasSize(3);
  }

  @Test
  void lastAdmin_isNotLimitedToFleets() {
    operators.setUp(
        operators.create("sue", Role.ADMIN, List.of("south"), ADMIN), null, PASSWORD, CLIENT);
    assertRefused(
        409,
        () -> operators.changeRole("ada", Role.ADMIN, List.of("south"), IfMatch.ANYTHING, ADMIN));
    assertRefused(409, () -> operators.remove("ada", IfMatch.ANYTHING, ADMIN));
  }

  @Test
  void accounts_ofBeforeThereWereFleets_areOfAll() throws IOException {
    Files.writeString(file, Files.readString(file).replaceAll("\"fleets\" : \\[ *],?", ""));
    assertThat(reopened().all().get(0).fleets()).isEmpty();
  }

  @Test
  void change_byAnotherProcess_isSeen() {
    reopened().create("bob", Role.VIEWER, List.of(), ADMIN);
    assertThat(operators.all()).extracting(Operator::name).containsExactly("ada", "bob");
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
    operators.setUp(operators.create("bob", Role.ADMIN, List.of(), ADMIN), null, PASSWORD, CLIENT);
    String text = token(Role.ADMIN).text();
    operators.changeRole("ada", Role.VIEWER, null, IfMatch.ANYTHING, ADMIN);
    assertThat(operators.byToken(text).orElseThrow().role()).isEqualTo(Role.VIEWER);
    operators.remove("ada", IfMatch.ANYTHING, ADMIN);
    assertThat(operators.byToken(text)).isEmpty();
    assertThat(operators.byCookie(ada.cookie())).isEmpty();
  }

  @Test
  void token_thatAFormerBearerOfTheNameLeft_isNotTheNextOnes() throws IOException {
    Operators.NewToken left = token(Role.ADMIN);
    String kept = Files.readString(file);
    Files.writeString(file, kept.replace("\"owner\" : \"ada\"", "\"owner\" : \"bob\""));
    operators.setUp(operators.create("bob", Role.ADMIN, List.of(), ADMIN), null, PASSWORD, CLIENT);
    assertThat(operators.byToken(left.text())).isEmpty();
    assertThat(operators.tokens("bob")).isEmpty();
  }

  @Test
  void token_ofASessionThatHasEndedMeanwhile_isNotMade() {
    otherProcess().changePassword(ada.session(), PASSWORD, "another long password");
    assertRefused(403, () -> token(Role.VIEWER));
    otherProcess()
        .setUp(operators.create("bob", Role.ADMIN, List.of(), ADMIN), null, PASSWORD, CLIENT);
    otherProcess().remove("ada", IfMatch.ANYTHING, ADMIN);
    assertRefused(403, () -> token(Role.VIEWER));
  }

  @Test
  void operator_changedByTwo_theSecondIsTold() {
    operators.create("bob", Role.VIEWER, List.of(), ADMIN);
    IfMatch seen = tag("bob");
    operators.changeRole("bob", Role.OFFICER, null, seen, ADMIN);
    assertRefused(412, () -> operators.changeRole("bob", Role.OPERATOR, null, seen, ADMIN));
    assertRefused(412, () -> operators.remove("bob", seen, ADMIN));
    operators.remove("bob", tag("bob"), ADMIN);
    assertThat(operators.all()).extracting(Operator::name).containsExactly("ada");
  }

  private IfMatch tag(String name) {
    String tag = operators.all().stream()
        .filter(one -> one.name().equals(name))
        .findFirst()
        .orElseThrow()
        .tag();
    return IfMatch.of(List.of(tag));
  }

  @Test
  void lastAdmin_staysOne() {
    operators.create("bob", Role.ADMIN, List.of(), ADMIN); // Who has no password yet.
    assertThatThrownBy(
            () -> operators.changeRole("ada", Role.VIEWER, null, IfMatch.ANYTHING, ADMIN))
        .hasFieldOrPropertyWithValue("statusCode", 409);
    assertThatThrownBy(() -> operators.remove("ada", IfMatch.ANYTHING, ADMIN))
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
  void session_opensNothing_onceAnotherProcessChangedThePassword() {
    otherProcess().changePassword(ada.session(), PASSWORD, "another long password");
    assertThat(operators.byCookie(ada.cookie())).isEmpty();
    assertThat(operators.openSessions(null)).isEmpty();
  }

  @Test
  void session_ofARemovedOperator_isNotTheNextOnesOfTheName() {
    SignIn.Welcome bob = operators.setUp(
        operators.create("bob", Role.VIEWER, List.of(), ADMIN), null, PASSWORD, CLIENT);
    otherProcess().remove("bob", IfMatch.ANYTHING, ADMIN);
    String link = otherProcess().create("bob", Role.ADMIN, List.of(), ADMIN);
    assertThat(operators.byCookie(bob.cookie())).isEmpty();
    otherProcess().setUp(link, null, PASSWORD, CLIENT);
    assertThat(operators.byCookie(bob.cookie())).isEmpty();
    assertThat(operators.openSessions("bob")).isEmpty();
  }

  /** On the same data directory. */
  private Operators otherProcess() {
    return new Operators(
        new AccountsFile(file),
        new SessionBook(clock),
        OperatorCertificates.NONE,
        clock,
        events::add);
  }

  @Test
  void password_changedWhileSomebodySignsInWithTheOld_leavesHimOut() {
    String link = operators.newLink("ada", ADMIN);
    Operators slow =
        new Operators(new AccountsFile(file), sessions, OperatorCertificates.NONE, clock, event -> {
          if (event.action().equals("operator.signed-in")) {
            operators.setUp(link, null, "another long password", CLIENT);
          }
        });
    SignIn.Welcome late = (SignIn.Welcome) slow.signIn("ada", PASSWORD, CLIENT);
    assertThat(operators.byCookie(late.cookie())).isEmpty();
  }

  @Test
  void password_tooShortOrWithTheName_isRefused() {
    String link = operators.create("grace", Role.VIEWER, List.of(), ADMIN);
    for (String bad : List.of("short", "grace-grace-grace", "x".repeat(201))) {
      assertThatThrownBy(() -> operators.setUp(link, null, bad, CLIENT))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("12 to 200");
    }
    operators.changePassword(ada.session(), PASSWORD, "a short name may be in this canada");
  }

  @Test
  void password_changed_endsTheTokens() {
    String text = token(Role.ADMIN).text();
    operators.changePassword(ada.session(), PASSWORD, "another long password");
    assertThat(operators.byToken(text)).isEmpty();
    assertThat(operators.tokens("ada")).isEmpty();
    assertThat(events.get(events.size() - 1).details()).containsEntry("tokensRevoked", "1");
  }

  @Test
  void password_chosenByALink_endsTheTokens_butNobodyElses() {
    SignIn.Welcome bob = operators.setUp(
        operators.create("bob", Role.ADMIN, List.of(), ADMIN), null, PASSWORD, CLIENT);
    String adas = token(Role.ADMIN).text();
    String bobs = operators
        .createToken(bob.session(), "ci", Role.ADMIN, Duration.ofDays(1), ADMIN)
        .text();
    operators.setUp(operators.newLink("ada", ADMIN), null, "another long password", CLIENT);
    assertThat(operators.byToken(adas)).isEmpty();
    assertThat(operators.byToken(bobs)).isPresent();
  }

  @Test
  void password_guessedInASession_hasToWait_andIsChangedAfterIt() {
    for (int i = 0; i < 5; i++) {
      assertRefused(
          403, () -> operators.changePassword(ada.session(), "guess", "another long password"));
    }
    Duration wait = operators.changePassword(ada.session(), PASSWORD, "another long password");
    assertThat(wait).isPositive();
    assertThat(operators.signIn("ada", PASSWORD, CLIENT)).isInstanceOf(SignIn.Welcome.class);
    clock.advance(wait);
    assertThat(operators.changePassword(ada.session(), PASSWORD, "another long password"))
        .isZero();
  }

  @Test
  void changes_areAllWrittenDown() {
    operators.create("bob", Role.VIEWER, List.of(), ADMIN);
    operators.changeRole("bob", Role.OFFICER, null, IfMatch.ANYTHING, ADMIN);
    operators.newLink("bob", ADMIN);
    operators.remove("bob", IfMatch.ANYTHING, ADMIN);
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
