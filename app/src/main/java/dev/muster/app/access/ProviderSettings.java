/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import dev.muster.protocol.identity.FleetName;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An OpenID provider that operators may sign in with.
 *
 * @param issuer its name, from which all else is discovered
 * @param clientSecretFile null for a public client
 * @param ca whose certificate the provider shows; null for those that Java trusts
 * @param origin where browsers find this server
 * @param label how the page calls it
 * @param nameClaim what an operator is called by; something that the provider gives to one alone
 * @param groupsClaim which groups he is in
 * @param grants what they may do; the first that fits counts
 */
public record ProviderSettings(
    URI issuer,
    String clientId,
    @Nullable Path clientSecretFile,
    @Nullable Path ca,
    URI origin,
    String label,
    String nameClaim,
    String groupsClaim,
    List<Grant> grants) {
  /** Where the provider sends browsers back to, below the origin. */
  public static final String CALLBACK = "/provider/callback";

  public ProviderSettings {
    grants = List.copyOf(grants);
    checkHttps("issuer", issuer);
    checkHttps("origin", origin);
    if (clientId.isEmpty()) {
      throw new IllegalArgumentException("clientId: missing (expected: as the provider knows us)");
    }
    if (grants.isEmpty()) {
      throw new IllegalArgumentException(
          "roles: none (expected: GROUP=ROLE at least once, as nobody comes in without)");
    }
  }

  private static void checkHttps(String name, URI url) {
    if (!"https".equals(url.getScheme()) || url.getHost() == null || url.getQuery() != null) {
      String given = url.toString().isEmpty() ? "missing" : url.toString();
      throw new IllegalArgumentException(name + ": " + given + " (expected: https://HOST...)");
    }
  }

  URI callback() {
    return origin.resolve(CALLBACK);
  }

  /** What somebody in these groups may do; empty if nothing. */
  Optional<Grant> grant(Collection<String> groups) {
    return grants.stream().filter(grant -> groups.contains(grant.group())).findFirst();
  }

  /**
   * What a group may do.
   *
   * @param fleets those that it is limited to; none for all
   */
  public record Grant(String group, Role role, List<String> fleets) {
    public Grant {
      if (fleets.size() > Accounts.Operator.MAX_FLEETS) {
        throw new IllegalArgumentException(group + "=" + role.label() + ": " + fleets.size()
            + " fleets (expected: at most " + Accounts.Operator.MAX_FLEETS + ")");
      }
      fleets = fleets.stream().map(name -> new FleetName(name).value()).toList();
    }

    /**
     * Reads {@code GROUP=ROLE}, or {@code GROUP=ROLE FLEET FLEET}.
     *
     * @throws IllegalArgumentException if it is not like that
     */
    public static Grant parse(String text) {
      int at = text.lastIndexOf('=');
      if (at < 1) {
        throw new IllegalArgumentException(text + " (expected: GROUP=ROLE or GROUP=ROLE FLEET)");
      }
      List<String> words = Arrays.asList(text.substring(at + 1).trim().split(" +"));
      return new Grant(
          text.substring(0, at).trim(), Role.of(words.get(0)), words.subList(1, words.size()));
    }
  }
}
