/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.oauth2.sdk.AuthorizationCode;
import com.nimbusds.oauth2.sdk.AuthorizationCodeGrant;
import com.nimbusds.oauth2.sdk.GeneralException;
import com.nimbusds.oauth2.sdk.ResponseType;
import com.nimbusds.oauth2.sdk.Scope;
import com.nimbusds.oauth2.sdk.TokenRequest;
import com.nimbusds.oauth2.sdk.TokenResponse;
import com.nimbusds.oauth2.sdk.auth.ClientSecretBasic;
import com.nimbusds.oauth2.sdk.auth.Secret;
import com.nimbusds.oauth2.sdk.http.HTTPRequest;
import com.nimbusds.oauth2.sdk.id.ClientID;
import com.nimbusds.oauth2.sdk.id.Issuer;
import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeChallengeMethod;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.AuthenticationRequest;
import com.nimbusds.openid.connect.sdk.Nonce;
import com.nimbusds.openid.connect.sdk.OIDCTokenResponseParser;
import com.nimbusds.openid.connect.sdk.claims.AuthorizedParty;
import com.nimbusds.openid.connect.sdk.claims.IDTokenClaimsSet;
import com.nimbusds.openid.connect.sdk.op.OIDCProviderMetadata;
import com.nimbusds.openid.connect.sdk.validators.IDTokenValidator;
import dev.muster.app.UserError;
import dev.muster.app.operator.TrustedRoots;
import dev.muster.protocol.file.PemFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.file.Files;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * Signs operators in by an OpenID provider: authorization code with PKCE (RFC 7636), and an ID
 * token that is checked (OpenID Connect Core 1.0, 3.1.3.7). Blocks.
 */
final class Provider {
  /** Signatures with a key that is the provider's alone: no HMAC, and never none. */
  private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
      JWSAlgorithm.ES256,
      JWSAlgorithm.ES384,
      JWSAlgorithm.ES512,
      JWSAlgorithm.RS256,
      JWSAlgorithm.RS384,
      JWSAlgorithm.RS512,
      JWSAlgorithm.PS256,
      JWSAlgorithm.PS384,
      JWSAlgorithm.PS512);

  private static final Duration METADATA_KEPT = Duration.ofHours(1);
  /** A provider that does not answer is not asked all the time. */
  private static final Duration FAILURE_KEPT = Duration.ofSeconds(10);

  private static final int LIMIT_MS = 10_000;
  private static final int MAX_KEYS_BYTES = 200_000;
  /** Keys that nobody knows are looked for anew, but not all the time. */
  private static final long KEYS_INTERVAL_MS = 5_000;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+@-]{0,63}");
  private static final int TELLING_APART = 12;

  private final ProviderSettings settings;
  private final @Nullable SSLSocketFactory tls;
  private final @Nullable Secret clientSecret;
  private final Clock clock;
  private @Nullable Known known;
  private Instant failedAt = Instant.MIN;
  private String failure = "";

  /** What has been discovered. */
  private record Known(Instant at, OIDCProviderMetadata metadata, IDTokenValidator validator) {}

  /**
   * What is to be remembered of somebody who has been sent to the provider.
   *
   * @param state what the browser must bring back
   */
  record Pending(State state, Nonce nonce, CodeVerifier verifier, Instant since) {
    @Override
    public String toString() {
      return "Pending[since=" + since + "]";
    }
  }

  /** Who somebody is, and what he may do. */
  record Identity(String name, Role role, List<String> fleets) {}

  /** Nobody was signed in. */
  static final class RefusedException extends Exception {
    private static final long serialVersionUID = 1L;
    private final Why why;

    /** What is told to him: {@code PROVIDER} did not answer as it should, {@code GROUP}: none. */
    enum Why {
      PROVIDER,
      GROUP,
      OVER
    }

    RefusedException(Why why, String message) {
      super(message);
      this.why = why;
    }

    Why why() {
      return why;
    }
  }

  /** @throws UserError if a file cannot be read */
  Provider(ProviderSettings settings, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    try {
      tls = settings.ca() == null
          ? null
          : TrustedRoots.tls(PemFile.certificates(settings.ca()), null).getSocketFactory();
      clientSecret = settings.clientSecretFile() == null
          ? null
          : new Secret(Files.readString(settings.clientSecretFile()).strip());
    } catch (IOException | UncheckedIOException | IllegalArgumentException e) {
      throw new UserError("operators.oidc: " + e.getMessage()
          + " (expected: a secret's file, and certificates in PEM)");
    }
  }

  Pending newPending() {
    return new Pending(new State(), new Nonce(), new CodeVerifier(), clock.instant());
  }

  /** Where a browser is to be sent. */
  URI authorization(Pending pending) throws RefusedException {
    return new AuthenticationRequest.Builder(
            ResponseType.CODE,
            new Scope("openid", "profile", "email"),
            new ClientID(settings.clientId()),
            settings.callback())
        .endpointURI(known().metadata().getAuthorizationEndpointURI())
        .state(pending.state())
        .nonce(pending.nonce())
        .codeChallenge(pending.verifier(), CodeChallengeMethod.S256)
        .build()
        .toURI();
  }

  /**
   * Who has come back with a code.
   *
   * @param issuer who says that it gave the code; null if nobody does
   */
  Identity identify(Pending pending, String code, @Nullable String issuer) throws RefusedException {
    Known provider = known();
    checkIssuer(provider, issuer);
    try {
      HTTPRequest request = tokenRequest(provider, pending, code).toHTTPRequest();
      configure(request);
      TokenResponse response = OIDCTokenResponseParser.parse(request.send());
      if (!response.indicatesSuccess()) {
        throw refused(
            "token refused: " + response.toErrorResponse().getErrorObject().getCode());
      }
      IDTokenClaimsSet claims = provider
          .validator()
          .validate(
              ((com.nimbusds.openid.connect.sdk.OIDCTokenResponse) response.toSuccessResponse())
                  .getOIDCTokens()
                  .getIDToken(),
              pending.nonce());
      checkParty(claims);
      return identity(claims);
    } catch (IOException | GeneralException | BadJOSEException | JOSEException e) {
      throw refused(String.valueOf(e.getMessage()));
    }
  }

  /** No code is shown to the provider that another one has given (RFC 9207, 2.4). */
  private void checkIssuer(Known provider, @Nullable String issuer) throws RefusedException {
    boolean mayBeAbsent = !provider.metadata().supportsAuthorizationResponseIssuerParam();
    boolean isOurs =
        issuer == null ? mayBeAbsent : issuer.equals(settings.issuer().toString());
    if (!isOurs) {
      throw refused("iss: " + issuer + " (expected: " + settings.issuer() + ")");
    }
  }

  /** OpenID Connect Core 1.0, 3.1.3.7, 4 and 5, which the library leaves to its user. */
  private void checkParty(IDTokenClaimsSet claims) throws RefusedException {
    AuthorizedParty party = claims.getAuthorizedParty();
    boolean isOurs = party == null
        ? claims.getAudience().size() == 1
        : party.getValue().equals(settings.clientId());
    if (!isOurs) {
      throw refused("azp: " + party + " aud: " + claims.getAudience());
    }
  }

  private TokenRequest tokenRequest(Known provider, Pending pending, String code) {
    ClientID client = new ClientID(settings.clientId());
    AuthorizationCodeGrant grant = new AuthorizationCodeGrant(
        new AuthorizationCode(code), settings.callback(), pending.verifier());
    URI endpoint = provider.metadata().getTokenEndpointURI();
    return clientSecret == null
        ? new TokenRequest.Builder(endpoint, client, grant).build()
        : new TokenRequest.Builder(endpoint, new ClientSecretBasic(client, clientSecret), grant)
            .build();
  }

  private Identity identity(IDTokenClaimsSet claims) throws RefusedException {
    String name = claims.getStringClaim(settings.nameClaim());
    if (name == null || !NAME.matcher(name).matches()) {
      throw refused("no " + settings.nameClaim() + " in the token that may be a name");
    }
    List<String> groups = claims.getStringListClaim(settings.groupsClaim());
    ProviderSettings.Grant grant = settings
        .grant(groups == null ? List.of() : groups)
        .orElseThrow(() -> new RefusedException(
            RefusedException.Why.GROUP, "no role for operator=" + name + " groups=" + groups));
    return new Identity(unique(name, claims), grant.role(), grant.fleets());
  }

  /**
   * No account is ever called so, and nobody else at the provider: names change hands there, the
   * subject does not (OpenID Connect Core 1.0, 5.7).
   */
  private String unique(String name, IDTokenClaimsSet claims) {
    String subject = dev.muster.app.access.Secret.hash(claims.getSubject().getValue())
        .substring(0, TELLING_APART);
    return name + "~" + subject + "@" + settings.issuer().getHost() + ":oidc";
  }

  private static RefusedException refused(String message) {
    return new RefusedException(RefusedException.Why.PROVIDER, message);
  }

  /** One at a time asks; the others wait for what he finds. */
  private synchronized Known known() throws RefusedException {
    Known last = known;
    Instant now = clock.instant();
    if (last != null && now.isBefore(last.at().plus(METADATA_KEPT))) {
      return last;
    }
    if (!now.isBefore(failedAt.plus(FAILURE_KEPT))) {
      try {
        Known found = discover();
        known = found;
        return found;
      } catch (IOException | GeneralException e) {
        // As of now: who has waited until then is not to wait for the next attempt.
        failedAt = clock.instant();
        failure = String.valueOf(e.getMessage());
      }
    }
    if (last != null) {
      return last;
    }
    throw refused("discovery: " + failure);
  }

  private Known discover() throws IOException, GeneralException {
    Issuer issuer = new Issuer(settings.issuer());
    OIDCProviderMetadata metadata = OIDCProviderMetadata.resolve(issuer, this::configure);
    for (URI endpoint : List.of(
        metadata.getAuthorizationEndpointURI(),
        metadata.getTokenEndpointURI(),
        metadata.getJWKSetURI())) {
      if (!"https".equals(endpoint.getScheme())) {
        throw new GeneralException(endpoint + " (expected: https)");
      }
    }
    IDTokenValidator validator = new IDTokenValidator(
        issuer,
        new ClientID(settings.clientId()),
        new JWSVerificationKeySelector<>(
            ALGORITHMS, keys(metadata.getJWKSetURI().toURL())),
        null);
    return new Known(clock.instant(), metadata, validator);
  }

  private JWKSource<SecurityContext> keys(URL url) {
    return JWKSourceBuilder.<SecurityContext>create(
            url, new DefaultResourceRetriever(LIMIT_MS, LIMIT_MS, MAX_KEYS_BYTES, true, tls))
        .refreshAheadCache(false)
        .rateLimited(KEYS_INTERVAL_MS)
        .build();
  }

  private void configure(HTTPRequest request) {
    request.setConnectTimeout(LIMIT_MS);
    request.setReadTimeout(LIMIT_MS);
    request.setFollowRedirects(false);
    if (tls != null) {
      request.setSSLSocketFactory(tls);
    }
  }
}
