/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.app.access.Accounts.Invitation;
import dev.muster.app.access.Accounts.Operator;
import dev.muster.app.access.Accounts.Token;
import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.once.IfMatch;
import io.vertx.ext.web.handler.HttpException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is done with operators, their sessions and tokens. Everything that changes something blocks.
 */
final class Operators {
  private static final Logger LOG = LoggerFactory.getLogger(Operators.class);
  private static final Duration LINK_VALIDITY = Duration.ofHours(24);
  private static final int MIN_PASSWORD = 12;
  private static final int MAX_PASSWORD = 200;
  /** Shorter ones stand in many a word. */
  private static final int MIN_TELLING_NAME = 4;

  private static final int MAX_TOKENS = 100;
  private static final int MAX_OPERATORS = 1_000;
  private static final String TOKEN_PREFIX = "muster_";
  /** In the place of an API token's name; none can be called so. */
  private static final String BY_CERTIFICATE = "(certificate)";

  private final AccountsFile file;
  private final SessionBook sessions;
  private final LoginThrottle throttle;
  private final Journal journal;
  private final OperatorCertificates certificates;
  private final Clock clock;

  Operators(
      AccountsFile file,
      SessionBook sessions,
      OperatorCertificates certificates,
      Clock clock,
      Journal journal) {
    this.certificates = certificates;
    this.file = file;
    this.sessions = sessions;
    this.throttle = new LoginThrottle(clock);
    this.journal = journal;
    this.clock = clock;
  }

  /** How an attempt to sign in ended. */
  sealed interface SignIn {
    /** @param device marks the browser as one that the operator has signed in from */
    record Welcome(Session session, Role role, List<String> fleets, String cookie, String device)
        implements SignIn {
      @Override
      public String toString() {
        return "Welcome[" + session + "]";
      }
    }

    record Wait(Duration pause) implements SignIn {}

    record Refused() implements SignIn {}
  }

  /** Where a request comes from. */
  record Client(String address, String browser, @Nullable String device) {
    @Override
    public String toString() {
      return "Client[address=" + address + "]";
    }
  }

  /** What a browser brings is the operator's if our seal is on it. */
  private static @Nullable String device(Accounts accounts, String name, @Nullable String brought) {
    if (brought == null || brought.indexOf('.') < 0) {
      return null;
    }
    String nonce = brought.substring(0, brought.indexOf('.'));
    return Secret.same(brought, sealed(accounts, name, nonce)) ? nonce : null;
  }

  private static String sealed(Accounts accounts, String name, String nonce) {
    return nonce + "." + Secret.seal(accounts.deviceKey(), name + " " + nonce);
  }

  /**
   * Whether somebody has signed in as him from that browser before. Looks at the accounts' file.
   */
  boolean isKnown(String name, Client client) {
    return Accounts.isName(name) && device(file.current(), name, client.device()) != null;
  }

  SignIn signIn(String name, String password, Client client) {
    Accounts accounts = file.current();
    // Names that are nobody's for sure count as one: what strangers make up is not kept.
    LoginThrottle.Attempt attempt = new LoginThrottle.Attempt(
        Accounts.isName(name) ? name : "",
        client.address(),
        device(accounts, name, client.device()));
    Duration wait = throttle.begin(attempt);
    if (!wait.isZero()) {
      return new SignIn.Wait(wait);
    }
    Optional<Operator> operator = accounts.operator(name);
    String hash = operator.map(Operator::password).orElse(null);
    boolean right = PasswordHash.matches(password, hash == null ? PasswordHash.NOBODYS : hash);
    if (!right || hash == null || password.length() > MAX_PASSWORD) {
      LOG.warn("Sign-in refused operator={} from={}", Quoted.of(name), client.address());
      return new SignIn.Refused();
    }
    throttle.succeeded(attempt);
    noteIfPossible(client, name, "password");
    return welcome(accounts, operator.orElseThrow(), client);
  }

  /**
   * Signs in with a certificate. Blocks.
   *
   * @param chain as it came over TLS
   */
  SignIn signIn(List<X509Certificate> chain, Client client) {
    Optional<Operator> operator = certified(chain);
    if (operator.isEmpty()) {
      LOG.warn("Sign-in refused by=certificate from={}", client.address());
      return new SignIn.Refused();
    }
    noteIfPossible(client, operator.get().name(), "certificate");
    Login login = new Login.Certificate(chain, operator.get().createdAt());
    return open(file.current(), operator.get(), login, client);
  }

  /** Signs in whom a provider vouches for. Blocks. */
  SignIn.Welcome signIn(Provider.Identity identity, Client client) {
    noteIfPossible(client, identity.name(), "provider as " + identity.role().label());
    String cookie = Secret.create();
    Login login = new Login.Provider(identity.role(), identity.fleets());
    Session session =
        sessions.open(cookie, identity.name(), login, client.address(), client.browser());
    return new SignIn.Welcome(
        session,
        identity.role(),
        identity.fleets(),
        cookie,
        sealed(file.current(), identity.name(), Secret.create()));
  }

  /** Whose account a certificate opens now. */
  private Optional<Operator> certified(List<X509Certificate> chain) {
    return certificates
        .find(chain)
        .flatMap(name -> file.current()
            .operator(name.operator())
            .filter(operator -> name.since() == null
                || !name.since().isBefore(Instant.parse(operator.createdAt()))));
  }

  /** Who asks by the certificate that he has shown, without a session; empty if nobody. Blocks. */
  Optional<Caller> byCertificate(List<X509Certificate> chain) {
    return certified(chain)
        .map(operator ->
            new Caller(operator.name(), operator.role(), operator.fleets(), BY_CERTIFICATE, null));
  }

  /** Whether a session that was opened with a certificate may go on. Blocks. */
  boolean isCertified(Session session, Login.Certificate login) {
    return certified(login.chain()).filter(session::isOf).isPresent();
  }

  /** Somebody may be signing in to mend what the audit log is written to. */
  private void noteIfPossible(Client client, String name, String by) {
    try {
      journal.note(
          event(new Actor("operator:" + name, client.address()), "operator.signed-in", name)
              .with("by", by));
    } catch (RuntimeException e) {
      LOG.warn(
          "Sign-in not in the audit log operator={} from={} reason=\"{}\"",
          name,
          client.address(),
          e.toString());
    }
  }

  /** @param operator with the password that was right: if he has another by now, nothing opens */
  private SignIn.Welcome welcome(Accounts accounts, Operator operator, Client client) {
    String password = Objects.requireNonNull(operator.password(), "password");
    return open(accounts, operator, new Login.Password(Set.of(password)), client);
  }

  private SignIn.Welcome open(Accounts accounts, Operator operator, Login login, Client client) {
    String cookie = Secret.create();
    Session session =
        sessions.open(cookie, operator.name(), login, client.address(), client.browser());
    return new SignIn.Welcome(
        session,
        operator.role(),
        operator.fleets(),
        cookie,
        sealed(accounts, operator.name(), Secret.create()));
  }

  /** A new link for whoever is to be the first admin; empty if there is one. */
  Optional<String> firstLink() {
    if (file.current().hasAdmin()) {
      return Optional.empty();
    }
    return Optional.of(link(null, accounts -> accounts));
  }

  private String link(@Nullable String name, UnaryOperator<Accounts> also) {
    String secret = Secret.create();
    Invitation invitation = new Invitation(
        name, Secret.hash(secret), clock.instant().plus(LINK_VALIDITY).toString());
    file.change(accounts -> also.apply(accounts).with(invitation));
    return secret;
  }

  /**
   * Chooses a password by a link, which then is used up, and signs in. What the one before has
   * opened is over: sessions and API tokens.
   */
  SignIn.Welcome setUp(String secret, @Nullable String wanted, String password, Client client) {
    String invited = invited(secret);
    String name = invited.isEmpty() ? Accounts.checkName(wanted == null ? "" : wanted) : invited;
    checkPassword(name, password);
    // Before the file is taken: this takes its time, and nobody else can change anything meanwhile.
    String hash = PasswordHash.of(password);
    AtomicReference<Operator> chosen = new AtomicReference<>();
    Accounts changed = file.change(accounts -> {
      Invitation invitation = invitation(accounts, secret);
      Operator before =
          invitation.operator() != null ? operator(accounts, name) : first(accounts, name);
      chosen.set(before.with(hash));
      return withPassword(
          accounts.withoutInvitation(invitation.operator()),
          chosen.get(),
          new Actor("operator:" + name, client.address()));
    });
    sessions.end(session -> session.operator().equals(name));
    return welcome(changed, chosen.get(), client);
  }

  /** A new password ends what an old one may have given away. */
  private Accounts withPassword(Accounts accounts, Operator operator, Actor actor) {
    String name = operator.name();
    journal.note(event(actor, "operator.password-set", name)
        .with("tokensRevoked", Integer.toString(tokens(accounts, name).size())));
    return accounts.withoutInvitation(name).withoutTokensOf(name).with(operator);
  }

  private Operator first(Accounts accounts, String name) {
    checkFree(accounts, Accounts.checkName(name));
    return new Operator(name, Role.ADMIN, null, null, clock.instant().toString());
  }

  private static void checkFree(Accounts accounts, String name) {
    if (accounts.operator(name).isPresent()) {
      throw new HttpException(409, "name: " + Quoted.of(name) + " is another's already");
    }
  }

  /** The link of a first operator is over, too, if an admin has come in another way. */
  private Invitation invitation(Accounts accounts, String secret) {
    return accounts
        .invitation(secret, clock.instant())
        .filter(one -> one.operator() != null || !accounts.hasAdmin())
        .orElseThrow(Operators::linkOver);
  }

  /** For whom a link is; empty name for the first operator. */
  String invited(String secret) {
    String operator = invitation(file.current(), secret).operator();
    return operator == null ? "" : operator;
  }

  private static HttpException linkOver() {
    return new HttpException(
        403,
        "link: used, replaced or too old (hint: a new one is printed at the next start, or made"
            + " by: muster admin operators link NAME)");
  }

  private static void checkPassword(String name, String password) {
    if (password.length() < MIN_PASSWORD
        || password.length() > MAX_PASSWORD
        || name.length() >= MIN_TELLING_NAME && password.contains(name)) {
      throw new IllegalArgumentException("password: expected " + MIN_PASSWORD + " to "
          + MAX_PASSWORD + " characters, without the operator's name");
    }
  }

  /**
   * Changes one's own password; all his other sessions, his API tokens and a link to choose one
   * end.
   *
   * @return how long to wait first; zero if it is changed
   */
  Duration changePassword(Session session, String old, String password) {
    if (session.login() instanceof Login.Provider) {
      throw new HttpException(403, "session: by a provider (expected: a password changed there)");
    }
    String name = session.operator();
    LoginThrottle.Attempt attempt =
        new LoginThrottle.Attempt(name, session.address(), session.id());
    Operator operator = operator(file.current(), name);
    Duration wait = throttle.begin(attempt);
    if (!wait.isZero()) {
      return wait;
    }
    if (operator.password() == null || !PasswordHash.matches(old, operator.password())) {
      throw new HttpException(403, "current: not the password");
    }
    throttle.succeeded(attempt);
    checkPassword(name, password);
    String hash = PasswordHash.of(password);
    // Before it counts: what this session asks for meanwhile is not to be refused.
    sessions.keep(session, hash);
    file.change(accounts -> {
      Operator now = operator(accounts, name);
      if (!operator.password().equals(now.password())) {
        throw new HttpException(403, "current: not the password any more");
      }
      Actor actor = new Actor("operator:" + name, session.address());
      return withPassword(accounts, now.with(hash), actor);
    });
    sessions.end(one -> one.operator().equals(name) && !one.id().equals(session.id()));
    return Duration.ZERO;
  }

  private static Operator operator(Accounts accounts, String name) {
    return accounts
        .operator(name)
        .orElseThrow(() -> new HttpException(
            404, "operator: " + Quoted.of(name) + " (expected: one that is known here)"));
  }

  List<Operator> all() {
    return file.current().operators();
  }

  /** @return the secret of the link by which he chooses a password */
  String create(String name, Role role, List<String> fleets, Actor actor) {
    Accounts.checkName(name);
    return link(name, accounts -> {
      checkFree(accounts, name);
      if (accounts.operators().size() >= MAX_OPERATORS) {
        throw new HttpException(409, "operators: expected at most " + MAX_OPERATORS);
      }
      Operator made = new Operator(name, role, fleets, null, clock.instant().toString());
      journal.note(event(actor, "operator.created", name)
          .with("role", role.label())
          .with("fleets", named(made.fleets())));
      return accounts.with(made);
    });
  }

  /** A link to choose another password by; the present one goes on working until then. */
  String newLink(String name, Actor actor) {
    return link(name, accounts -> {
      operator(accounts, name);
      note(actor, "operator.link-made", name);
      return accounts;
    });
  }

  private static String named(List<String> fleets) {
    return fleets.isEmpty() ? "all" : String.join(",", fleets);
  }

  /**
   * @param fleets to be limited to; none for all, null as before
   * @param seen what the caller has seen
   */
  void changeRole(
      String name, Role role, @Nullable List<String> fleets, IfMatch seen, Actor actor) {
    file.change(accounts -> {
      Operator before = seen(accounts, name, seen);
      Operator changed = before.with(role, fleets == null ? before.fleets() : fleets);
      Accounts after = accounts.with(changed);
      keepAnAdmin(accounts, after);
      AuditEvent event = event(actor, "operator.role-changed", name)
          .with("before", before.role().label())
          .with("after", role.label())
          .with("fleetsBefore", named(before.fleets()))
          .with("fleetsAfter", named(changed.fleets()));
      if (changed.mayAllThat(before)) {
        journal.note(event);
      } else {
        journal.noteLess(event, Caller.auditName(name));
      }
      return after;
    });
  }

  /** @param seen as for {@link #changeRole} */
  void remove(String name, IfMatch seen, Actor actor) {
    file.change(accounts -> {
      seen(accounts, name, seen);
      Accounts after = accounts.without(name);
      keepAnAdmin(accounts, after);
      journal.noteGone(event(actor, "operator.removed", name), Caller.auditName(name));
      return after;
    });
    sessions.end(session -> session.operator().equals(name));
  }

  private static Operator seen(Accounts accounts, String name, IfMatch seen) {
    Operator present = operator(accounts, name);
    if (!seen.admits(present.tag())) {
      throw new HttpException(
          412, "operator: changed meanwhile (hint: look at him again, and decide anew)");
    }
    return present;
  }

  private static void keepAnAdmin(Accounts before, Accounts after) {
    if (before.hasAdmin() && !after.hasAdmin()) {
      throw new HttpException(409, "operators: this is the last admin (expected: one at least)");
    }
  }

  /** Those of one operator, or all. */
  List<Token> tokens(@Nullable String owner) {
    return tokens(file.current(), owner);
  }

  private static List<Token> tokens(Accounts accounts, @Nullable String owner) {
    return accounts.tokens().stream()
        .filter(token -> owner == null || token.owner().equals(owner))
        .toList();
  }

  /** What a new token is, and its text, which nobody can read again. */
  record NewToken(Token token, String text) {
    @Override
    public String toString() {
      return "NewToken[" + token + "]";
    }
  }

  NewToken createToken(Session session, String name, Role role, Duration validity, Actor actor) {
    if (!(session.login() instanceof Login.Password)) {
      throw new HttpException(
          403, "session: not opened with a password (expected: a token not to outlive its origin)");
    }
    Accounts.checkName(name);
    String secret = Secret.create();
    Instant now = clock.instant();
    Token token = new Token(
        Secret.id(),
        name,
        session.operator(),
        role,
        Secret.hash(secret),
        now.toString(),
        now.plus(validity).toString());
    file.change(accounts -> {
      if (accounts.operator(session.operator()).filter(session::isOf).isEmpty()) {
        throw new HttpException(403, "session: over (expected: somebody who has signed in)");
      }
      Accounts kept = accounts.tokens().stream()
          .filter(one -> one.isOver(now))
          .reduce(accounts, (some, one) -> some.withoutToken(one.id()), (a, b) -> b);
      checkTokens(kept, session.operator(), name);
      journal.note(event(actor, "token.created", session.operator())
          .with("token", token.id())
          .with("name", name)
          .with("role", role.label())
          .with("expires", token.expiresAt()));
      return kept.with(token);
    });
    return new NewToken(token, TOKEN_PREFIX + token.id() + "_" + secret);
  }

  private static void checkTokens(Accounts accounts, String owner, String name) {
    List<Token> own =
        accounts.tokens().stream().filter(one -> one.owner().equals(owner)).toList();
    if (own.stream().anyMatch(one -> one.name().equals(name))) {
      throw new HttpException(409, "name: " + Quoted.of(name) + " is another token's already");
    }
    if (own.size() >= MAX_TOKENS) {
      throw new HttpException(409, "tokens: expected at most " + MAX_TOKENS + " of one operator");
    }
  }

  /** @param owner whose it must be; null for anybody's */
  void revokeToken(String id, @Nullable String owner, Actor actor) {
    file.change(accounts -> {
      Token token = accounts
          .token(id)
          .filter(one -> owner == null || one.owner().equals(owner))
          .orElseThrow(() -> new HttpException(
              404, "token: " + Quoted.of(id) + " (expected: one that is known here)"));
      journal.note(event(actor, "token.revoked", token.owner())
          .with("token", id)
          .with("name", token.name()));
      return accounts.withoutToken(id);
    });
  }

  /** Those of one operator, or all; without those that open nothing any more. */
  List<Session> openSessions(@Nullable String owner) {
    Accounts accounts = file.current();
    return sessions.list(one -> (owner == null || one.operator().equals(owner))
        && (one.login() instanceof Login.Provider
            || accounts.operator(one.operator()).filter(one::isOf).isPresent()));
  }

  /** @param owner whose it must be; null for anybody's */
  void endSession(String id, @Nullable String owner, Actor actor) {
    Session session = openSessions(owner).stream()
        .filter(one -> one.id().equals(id))
        .findFirst()
        .orElseThrow(() ->
            new HttpException(404, "session: " + Quoted.of(id) + " (expected: one that is open)"));
    journal.note(event(actor, "session.ended", session.operator()).with("session", id));
    sessions.end(one -> one.id().equals(id));
  }

  /**
   * Whose an API token is, and what it may do now; empty if it opens nothing. Looks at the
   * accounts' file.
   */
  Optional<Caller> byToken(String text) {
    String[] parts = text.split("_", 3);
    if (parts.length != 3 || !text.startsWith(TOKEN_PREFIX)) {
      return Optional.empty();
    }
    Accounts accounts = file.current();
    String hash = Secret.hash(parts[2]);
    return accounts
        .token(parts[1])
        .filter(token -> Secret.same(token.hash(), hash) && !token.isOver(clock.instant()))
        .flatMap(token -> accounts
            .operator(token.owner())
            .map(owner -> new Caller(
                owner.name(),
                token.role().atMost(owner.role()),
                owner.fleets(),
                token.name(),
                null)));
  }

  /** Whose a session's cookie is; empty if it is over. Looks at the accounts' file. */
  Optional<Caller> byCookie(String cookie) {
    return sessions
        .find(cookie)
        .flatMap(session -> session.login() instanceof Login.Provider by
            ? Optional.of(new Caller(session.operator(), by.role(), by.fleets(), null, session))
            : file.current()
                .operator(session.operator())
                .filter(session::isOf)
                .map(operator -> new Caller(
                    operator.name(), operator.role(), operator.fleets(), null, session)));
  }

  private void note(Actor actor, String action, String operator) {
    journal.note(event(actor, action, operator));
  }

  private static AuditEvent event(Actor actor, String action, String operator) {
    return AuditEvent.of(actor, action, "operator:" + operator);
  }
}
