/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The operators, their API tokens, and the links by which somebody may choose a password. Nothing
 * here opens a door by itself: passwords and secrets are hashed.
 *
 * @param deviceKey vouches for browsers that somebody has signed in from
 */
record Accounts(
    int version,
    String deviceKey,
    List<Operator> operators,
    List<Token> tokens,
    List<Invitation> invitations) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,31}");

  Accounts {
    if (version != 1) {
      throw new IllegalArgumentException("version: " + version + " (expected: 1)");
    }
    Objects.requireNonNull(deviceKey, "deviceKey");
    operators = List.copyOf(operators);
    tokens = List.copyOf(tokens);
    invitations = List.copyOf(invitations);
  }

  /** Without keys and hashes, as below: they might be logged. */
  @Override
  public String toString() {
    return "Accounts[operators=" + operators + ", tokens=" + tokens + "]";
  }

  static Accounts none() {
    return new Accounts(1, Secret.create(), List.of(), List.of(), List.of());
  }

  /**
   * @param fleets those that he is limited to; none for all
   * @param password its hash; null until the operator has chosen one
   */
  record Operator(
      String name,
      Role role,
      @Nullable List<String> fleets,
      @Nullable String password,
      String createdAt) {
    static final int MAX_FLEETS = 50;

    Operator {
      // Files of before there were such limits have none.
      fleets = fleets == null ? List.of() : checkFleets(fleets);
    }

    private static List<String> checkFleets(List<String> fleets) {
      if (fleets.size() > MAX_FLEETS) {
        throw new IllegalArgumentException("fleets: expected at most " + MAX_FLEETS);
      }
      return fleets.stream()
          .map(fleet -> new FleetName(fleet).value())
          .distinct()
          .sorted()
          .toList();
    }

    Operator with(String newPassword) {
      return new Operator(name, role, fleets, newPassword, createdAt);
    }

    Operator with(Role newRole, List<String> newFleets) {
      return new Operator(name, newRole, newFleets, password, createdAt);
    }

    /** Whether nothing that another may do is closed to him. */
    boolean mayAllThat(Operator other) {
      return role.includes(other.role())
          && (fleets().isEmpty()
              || !other.fleets().isEmpty() && fleets().containsAll(other.fleets()));
    }

    boolean decidesForAll() {
      return role == Role.ADMIN && fleets().isEmpty();
    }

    @Override
    public List<String> fleets() {
      return fleets == null ? List.of() : fleets;
    }

    /** An entity tag (RFC 9110, 8.8.3): another one whenever he looks different to others. */
    String tag() {
      String shown = String.join(
          " ", name, role.label(), fleets().toString(), createdAt, "" + (password != null));
      return '"' + Secret.hash(shown) + '"';
    }

    @Override
    public String toString() {
      return "Operator[name=" + name + ", role=" + role + "]";
    }
  }

  /** @param hash of the secret part; the whole is {@code muster_ID_SECRET} */
  record Token(
      String id,
      String name,
      String owner,
      Role role,
      String hash,
      String createdAt,
      String expiresAt) {
    boolean isOver(Instant now) {
      return !Instant.parse(expiresAt).isAfter(now);
    }

    @Override
    public String toString() {
      return "Token[id=" + id + ", owner=" + owner + "]";
    }
  }

  /** @param operator whose password may be chosen; null for the first one, who says his name */
  record Invitation(@Nullable String operator, String hash, String expiresAt) {
    boolean isOver(Instant now) {
      return !Instant.parse(expiresAt).isAfter(now);
    }

    @Override
    public String toString() {
      return "Invitation[operator=" + operator + "]";
    }
  }

  /** @throws IllegalArgumentException unless it may be an operator's, or a token's, name */
  static String checkName(String name) {
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "name: " + Quoted.of(name) + " (expected: 1 to 32 of a-z, 0-9, '.', '_' and '-')");
    }
    return name;
  }

  static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  Optional<Operator> operator(String name) {
    return operators.stream().filter(one -> one.name().equals(name)).findFirst();
  }

  Optional<Token> token(String id) {
    return tokens.stream().filter(one -> one.id().equals(id)).findFirst();
  }

  Optional<Invitation> invitation(String secret, Instant now) {
    String hash = Secret.hash(secret);
    return invitations.stream()
        .filter(one -> Secret.same(one.hash(), hash) && !one.isOver(now))
        .findFirst();
  }

  boolean hasAdmin() {
    return operators.stream().anyMatch(one -> one.decidesForAll() && one.password() != null);
  }

  /**
   * With this one, in the place of the one of the same name if there is one; if not, whatever a
   * former bearer of the name has left goes.
   */
  Accounts with(Operator operator) {
    Accounts others = operator(operator.name()).isPresent() ? this : without(operator.name());
    return new Accounts(
        version,
        deviceKey,
        Stream.concat(
                operators.stream().filter(one -> !one.name().equals(operator.name())),
                Stream.of(operator))
            .sorted((a, b) -> a.name().compareTo(b.name()))
            .toList(),
        others.tokens,
        others.invitations);
  }

  /** Without an operator, his tokens and links. */
  Accounts without(String name) {
    return new Accounts(
        version,
        deviceKey,
        operators.stream().filter(one -> !one.name().equals(name)).toList(),
        tokens.stream().filter(one -> !one.owner().equals(name)).toList(),
        invitations.stream().filter(one -> !name.equals(one.operator())).toList());
  }

  Accounts with(Token token) {
    return withTokens(Stream.concat(tokens.stream(), Stream.of(token)).toList());
  }

  Accounts withoutToken(String id) {
    return withTokens(tokens.stream().filter(one -> !one.id().equals(id)).toList());
  }

  Accounts withoutTokensOf(String owner) {
    return withTokens(tokens.stream().filter(one -> !one.owner().equals(owner)).toList());
  }

  private Accounts withTokens(List<Token> some) {
    return new Accounts(version, deviceKey, operators, some, invitations);
  }

  /** With a link, the only one for that operator. */
  Accounts with(Invitation invitation) {
    Accounts others = withoutInvitation(invitation.operator());
    return new Accounts(
        version,
        deviceKey,
        operators,
        tokens,
        Stream.concat(others.invitations.stream(), Stream.of(invitation)).toList());
  }

  Accounts withoutInvitation(@Nullable String operator) {
    return new Accounts(
        version,
        deviceKey,
        operators,
        tokens,
        invitations.stream()
            .filter(one -> !Objects.equals(one.operator(), operator))
            .toList());
  }
}
