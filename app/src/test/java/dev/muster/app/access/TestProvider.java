/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/**
 * An OpenID provider that lets everybody in: HTTPS, discovery, keys that change, codes that work
 * once for who has the verifier (RFC 7636), signed ID tokens. What it says can be made wrong.
 */
public final class TestProvider implements AutoCloseable {
  public static final String CLIENT = "muster";
  static final String SECRET = "a secret of the client as long as HMAC wants it";

  private final HttpsServer server;
  private final Map<String, Map<String, String>> codes = new ConcurrentHashMap<>();
  private volatile ECKey key = newKey();
  /** What is in the ID token, besides what must be. */
  volatile UnaryOperator<JWTClaimsSet.Builder> claims = set -> set;

  volatile Signer signer = Signer.OWN;

  private volatile boolean asks;
  /** What discovery says the issuer is; null for what it is. */
  volatile String saidIssuer;

  /** Whether discovery says that who comes back brings its name (RFC 9207, 3). */
  volatile boolean tellsIssuer;

  /** What happens whenever it is asked what it is. */
  volatile Runnable discovered = () -> {};

  enum Signer {
    OWN,
    FOREIGN,
    NONE,
    HMAC_WITH_THE_SECRET
  }

  /** Leaves its CA in {@code provider-ca.pem}, and the client's secret in its own file. */
  public TestProvider(Path folder) throws IOException, GeneralSecurityException {
    TestPki.Credential root = TestPki.root("CN=provider root");
    TestPki.Credential own = root.issue("CN=localhost").server("localhost").build();
    Files.writeString(folder.resolve("provider-ca.pem"), TestPki.pem(List.of(root.certificate())));
    Files.writeString(folder.resolve("provider-secret"), SECRET + "\n");
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(tls(own)));
    server.createContext("/.well-known/openid-configuration", this::configuration);
    server.createContext(
        "/keys", exchange -> answer(exchange, 200, new JWKSet(key.toPublicJWK()).toString()));
    server.createContext("/authorize", this::authorize);
    server.createContext("/token", this::token);
    server.start();
  }

  private static SSLContext tls(TestPki.Credential own)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry("own", own.key(), new char[0], own.chain().toArray(X509Certificate[]::new));
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, new char[0]);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    return context;
  }

  public String issuer() {
    return "https://localhost:" + server.getAddress().getPort();
  }

  /** Has a page of its own between, where somebody has to press a button. */
  public void ask() {
    asks = true;
  }

  /** From now on, people are in these groups. */
  public void putInto(String... groups) {
    claims = set -> set.claim("groups", List.of(groups));
  }

  /** Signs with another key from now on, and forgets the one before. */
  void changeKey() {
    key = newKey();
  }

  private static ECKey newKey() {
    try {
      return new ECKeyGenerator(Curve.P_256).keyID(UUID.randomUUID().toString()).generate();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private void configuration(HttpExchange exchange) throws IOException {
    discovered.run();
    answer(
        exchange,
        200,
        new JsonObject()
            .put("issuer", saidIssuer == null ? issuer() : saidIssuer)
            .put("authorization_endpoint", issuer() + "/authorize")
            .put("token_endpoint", issuer() + "/token")
            .put("jwks_uri", issuer() + "/keys")
            .put("response_types_supported", List.of("code"))
            .put("subject_types_supported", List.of("public"))
            .put("id_token_signing_alg_values_supported", List.of("ES256"))
            .put("authorization_response_iss_parameter_supported", tellsIssuer)
            .encode());
  }

  private void authorize(HttpExchange exchange) throws IOException {
    if (asks && exchange.getRequestMethod().equals("GET")) {
      answer(
          exchange,
          200,
          "text/html",
          "<title>Provider</title><form method=post><button>It is me</button></form>");
      return;
    }
    Map<String, String> asked = form(exchange.getRequestURI().getRawQuery());
    String code = UUID.randomUUID().toString();
    codes.put(code, asked);
    exchange
        .getResponseHeaders()
        .set(
            "Location",
            asked.get("redirect_uri") + "?code=" + code + "&state=" + asked.get("state"));
    answer(exchange, 302, "");
  }

  private void token(HttpExchange exchange) throws IOException {
    Map<String, String> form =
        form(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
    Map<String, String> asked = codes.remove(form.getOrDefault("code", ""));
    String client = Base64.getEncoder()
        .encodeToString((CLIENT + ":" + SECRET.replace(" ", "+")).getBytes(StandardCharsets.UTF_8));
    boolean known =
        ("Basic " + client).equals(exchange.getRequestHeaders().getFirst("Authorization"));
    if (!known
        || asked == null
        || !asked.get("redirect_uri").equals(form.get("redirect_uri"))
        || !"S256".equals(asked.get("code_challenge_method"))
        || !asked.get("code_challenge").equals(challenge(form.get("code_verifier")))) {
      answer(exchange, 400, "{\"error\":\"invalid_grant\"}");
      return;
    }
    answer(
        exchange,
        200,
        new JsonObject()
            .put("access_token", "nothing")
            .put("token_type", "Bearer")
            .put("id_token", idToken(asked.get("nonce")))
            .encode());
  }

  private static String challenge(String verifier) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII));
      return Base64.getUrlEncoder().withoutPadding().encodeToString(hash);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private String idToken(String nonce) {
    Instant now = Instant.now();
    JWTClaimsSet set = claims
        .apply(new JWTClaimsSet.Builder()
            .issuer(issuer())
            .audience(CLIENT)
            .subject("4711")
            .issueTime(Date.from(now))
            .expirationTime(Date.from(now.plus(Duration.ofMinutes(5))))
            .claim("nonce", nonce)
            .claim("preferred_username", "anna")
            .claim("groups", List.of("staff", "officers")))
        .build();
    try {
      if (signer == Signer.NONE) {
        return new PlainJWT(set).serialize();
      }
      boolean hmac = signer == Signer.HMAC_WITH_THE_SECRET;
      SignedJWT token = new SignedJWT(
          new JWSHeader.Builder(hmac ? JWSAlgorithm.HS256 : JWSAlgorithm.ES256)
              .keyID(key.getKeyID())
              .build(),
          set);
      token.sign(
          hmac ? new MACSigner(SECRET) : new ECDSASigner(signer == Signer.OWN ? key : newKey()));
      return token.serialize();
    } catch (JOSEException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Map<String, String> form(String text) {
    Map<String, String> form = new LinkedHashMap<>();
    for (String pair : text.split("&")) {
      String[] parts = pair.split("=", 2);
      form.put(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    answer(exchange, status, "application/json", body);
  }

  private static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
