/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.config;

import dev.muster.app.access.ProviderSettings;
import dev.muster.app.access.TrustedProxies;
import dev.muster.broker.settings.Settings;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How operators may sign in, besides with a password, and where they are taken to be.
 *
 * @param certificates whether by a certificate of role {@code operator} that they show
 * @param certificateCa whose such certificates are good then, too; null for our own alone
 * @param certificateCrl of that CA; null without one
 * @param provider an OpenID provider; null without one
 * @param proxies whose word is taken for where a request came from
 */
public record OperatorSettings(
    boolean certificates,
    @Nullable Path certificateCa,
    @Nullable Path certificateCrl,
    @Nullable ProviderSettings provider,
    TrustedProxies proxies) {
  static final String COMMENTED_YAML = """
      operators:
        # Let operators in by a certificate of role operator, whose name is that of their account:
        # muster admin certificates issue --role operator --name NAME --out DIR
        # Browsers that have such a certificate ask which to show. Off unless it says true.
        # certificates: true
        # Another CA whose certificates of OU=operator are good, too, and its CRL, read at each use.
        # certificateCa: /etc/muster/operators-ca.pem
        # certificateCrl: /etc/muster/operators-ca.crl
        # Proxies before the operator's port, whose X-Forwarded-For is believed: the audit log, the
        # sessions and who has to wait for guessed passwords go by the address that it tells.
        # trustedProxies: [10.1.2.3, 10.2.0.0/16]
        # Sign in by an OpenID provider (OpenID Connect, authorization code with PKCE). Register
        # URL/provider/callback there. Nobody comes in without a group that has a role here, the
        # first that fits: GROUP=ROLE, or limited to fleets, GROUP=ROLE FLEET FLEET.
        oidc:
          # issuer: https://login.example.com/realms/plant
          # clientId: muster
          # clientSecretFile: /etc/muster/oidc-secret
          # url: https://muster.example.com:9443
          # label: Example Corp
          # roles: [muster-admins=admin, plant-a=officer plant-a]
          # What he is called by: a claim that the provider gives to one person alone.
          # nameClaim: preferred_username
          # groupsClaim: groups
          # The CA of the provider's certificate, if not one that Java trusts.
          # ca: /etc/muster/provider-ca.pem
      """;

  private static final List<String> OIDC = List.of(
      "issuer",
      "clientId",
      "clientSecretFile",
      "ca",
      "url",
      "label",
      "nameClaim",
      "groupsClaim",
      "roles");

  public OperatorSettings {
    if (certificateCa == null != (certificateCrl == null)) {
      throw new IllegalArgumentException((certificateCa == null ? "missing" : certificateCa)
          + " (expected: with operators.certificateCrl, or neither)");
    }
    if (certificateCa != null && !certificates) {
      throw new IllegalArgumentException(
          certificateCa + " (expected: with operators.certificates: true)");
    }
  }

  static OperatorSettings read(Settings settings) {
    boolean certificates = settings.flag("operators.certificates", false);
    @Nullable Path ca = path(settings, "operators.certificateCa");
    @Nullable Path crl = path(settings, "operators.certificateCrl");
    @Nullable ProviderSettings provider = provider(settings);
    List<String> trusted = settings.list("operators.trustedProxies", List.of());
    TrustedProxies proxies = settings
        .check("operators.trustedProxies", () -> TrustedProxies.of(trusted))
        .orElse(TrustedProxies.NONE);
    return settings
        .check(
            "operators.certificateCa",
            () -> new OperatorSettings(certificates, ca, crl, provider, proxies))
        .orElseGet(() -> new OperatorSettings(false, null, null, null, TrustedProxies.NONE));
  }

  private static @Nullable ProviderSettings provider(Settings settings) {
    String issuer = settings.text("operators.oidc.issuer", "");
    String clientId = settings.text("operators.oidc.clientId", "");
    @Nullable Path secret = path(settings, "operators.oidc.clientSecretFile");
    @Nullable Path ca = path(settings, "operators.oidc.ca");
    String url = settings.text("operators.oidc.url", "");
    String label = settings.text("operators.oidc.label", "your organization");
    String name = settings.text("operators.oidc.nameClaim", "preferred_username");
    String groups = settings.text("operators.oidc.groupsClaim", "groups");
    List<String> roles = settings.list("operators.oidc.roles", List.of());
    if (OIDC.stream().noneMatch(key -> settings.isSet("operators.oidc." + key))) {
      return null;
    }
    return settings
        .check(
            "operators.oidc",
            () -> new ProviderSettings(
                URI.create(issuer),
                clientId,
                secret,
                ca,
                URI.create(url),
                label,
                name,
                groups,
                roles.stream().map(ProviderSettings.Grant::parse).toList()))
        .orElse(null);
  }

  private static @Nullable Path path(Settings settings, String key) {
    return settings.<@Nullable Path>value(key, null, Path::of, "the path of a file");
  }
}
