/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.testing;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsExchange;
import com.sun.net.httpserver.HttpsParameters;
import com.sun.net.httpserver.HttpsServer;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import dev.muster.testing.TestPki.Credential;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.PublicKey;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * An EST server for tests, with answers of any kind. By default issues to whoever has a certificate
 * of the manufacturer or of the device CA, and gives the same key the same certificate again.
 */
public final class EstDouble implements AutoCloseable {
  /**
   * What a client sent.
   *
   * @param client its certificate; null if it showed none
   * @param claim the claim token; null if it showed none
   */
  public record Request(
      EstOperation operation,
      PublicKey key,
      String subject,
      @Nullable X509Certificate client,
      @Nullable String claim) {}

  /** What it gets. */
  public record Answer(int status, String type, Map<String, String> headers, byte[] body) {
    public static Answer text(int status, String text) {
      return new Answer(status, "text/plain", Map.of(), text.getBytes(StandardCharsets.UTF_8));
    }

    public Answer with(String header, String value) {
      return new Answer(status, type, Map.of(header, value), body);
    }
  }

  /** Decides about an enrollment. */
  public interface Registrar {
    Answer decide(Request request) throws Exception;
  }

  private final TestFleet fleet;
  private final HttpsServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<PublicKey, X509Certificate> issued = new ConcurrentHashMap<>();
  private final List<Request> requests = new CopyOnWriteArrayList<>();
  private final List<EstOperation> asked = new CopyOnWriteArrayList<>();
  private final List<EstOperation> shownClaims = new CopyOnWriteArrayList<>();
  private volatile Registrar registrar = this::issue;
  private volatile Answer caCerts;
  private volatile Answer csrAttributes = new Answer(204, "", Map.of(), new byte[0]);
  private volatile Function<String, Answer> renewalInfo = id -> Answer.text(404, "unknown");
  private volatile List<String> lastExtensions = List.of();
  private volatile String deviceName = "acme-0001";
  private volatile Clock clock = Clock.systemUTC();
  private volatile Duration validity = Duration.ofDays(30);

  public EstDouble(TestFleet fleet) {
    this(fleet, fleet.server());
  }

  /** With a certificate of its own choice. */
  public EstDouble(TestFleet fleet, Credential serverCredential) {
    this.fleet = fleet;
    this.caCerts =
        certificates(List.of(fleet.root().certificate(), fleet.deviceCa().certificate()));
    try {
      server = HttpsServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
      SSLContext tls = tls(serverCredential);
      server.setHttpsConfigurator(new HttpsConfigurator(tls) {
        @Override
        public void configure(HttpsParameters parameters) {
          SSLParameters wanted = tls.getDefaultSSLParameters();
          wanted.setWantClientAuth(true);
          parameters.setSSLParameters(wanted);
        }
      });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext(EstOperation.WELL_KNOWN, this::handle);
    server.setExecutor(threads);
    server.start();
  }

  public URI uri() {
    return URI.create("https://localhost:" + server.getAddress().getPort());
  }

  public List<Request> requests() {
    return requests;
  }

  /** How often something was asked for, by whomever. */
  public long asked(EstOperation operation) {
    return asked.stream().filter(operation::equals).count();
  }

  /** With which requests a claim token came, whatever became of them. */
  public List<EstOperation> shownClaims() {
    return shownClaims;
  }

  public EstDouble registrar(Registrar newRegistrar) {
    registrar = newRegistrar;
    return this;
  }

  public EstDouble caCerts(Answer answer) {
    caCerts = answer;
    return this;
  }

  public EstDouble csrAttributes(Answer answer) {
    csrAttributes = answer;
    return this;
  }

  /** What it says about when to renew the certificate of that id; by default that it knows not. */
  public EstDouble renewalInfo(Function<String, Answer> answers) {
    renewalInfo = answers;
    return this;
  }

  /** Such an answer. */
  public static Answer renewBetween(Instant start, Instant end, Duration askAgain) {
    String json = "{\"suggestedWindow\":{\"start\":\"" + start + "\",\"end\":\"" + end + "\"}}";
    return new Answer(
        200,
        EstOperation.RENEWAL_INFO.responseType(),
        Map.of("Retry-After", String.valueOf(askAgain.toSeconds())),
        json.getBytes(StandardCharsets.UTF_8));
  }

  /** The types of the extensions that the last request asked for. */
  public List<String> lastExtensions() {
    return lastExtensions;
  }

  public EstDouble deviceName(String name) {
    deviceName = name;
    return this;
  }

  public EstDouble issuing(Clock newClock, Duration newValidity) {
    clock = newClock;
    validity = newValidity;
    return this;
  }

  /** What the default registrar does. */
  public Answer issue(Request request) {
    return request.client() == null
        ? Answer.text(401, "no client certificate").with("WWW-Authenticate", "Basic realm=\"est\"")
        : certify(request);
  }

  /** Lets in whoever has this token, with a certificate or without. */
  public Answer issueFor(String token, Request request) {
    return token.equals(request.claim()) || request.operation() == EstOperation.SIMPLE_REENROLL
        ? certify(request)
        : Answer.text(401, "claim token: " + (request.claim() == null ? "none" : "not valid"))
            .with("WWW-Authenticate", "Basic realm=\"est\"");
  }

  private Answer certify(Request request) {
    X509Certificate certificate =
        issued.computeIfAbsent(request.key(), key -> certify(fleet.deviceCa(), key));
    return certificates(List.of(certificate));
  }

  public X509Certificate certify(Credential issuer, PublicKey key) {
    Instant now = clock.instant();
    return issuer
        .issue("CN=" + deviceName + ", O=default, OU=device")
        .key(new KeyPair(key, null))
        .validity(now.minusSeconds(60), now.plus(validity))
        .build()
        .certificate();
  }

  /** Certificates as EST carries them. */
  public static Answer certificates(List<X509Certificate> certificates) {
    try {
      byte[] pkcs7 = CertificateFactory.getInstance("X.509")
          .generateCertPath(certificates)
          .getEncoded("PKCS7");
      return new Answer(200, EstMediaType.CERTS_ONLY, Map.of(), EstBase64.encode(pkcs7));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      String path = exchange.getRequestURI().getPath();
      String[] segments = path.substring(EstOperation.WELL_KNOWN.length() + 1).split("/");
      EstOperation operation = EstOperation.of(segments[0])
          .or(() -> EstOperation.of(segments[segments.length - 1]))
          .orElseThrow();
      asked.add(operation);
      if (exchange.getRequestHeaders().containsKey("Authorization")) {
        shownClaims.add(operation);
      }
      send(
          exchange,
          switch (operation) {
            case CA_CERTS -> caCerts;
            case CSR_ATTRS -> csrAttributes;
            case RENEWAL_INFO -> renewalInfo.apply(segments[segments.length - 1]);
            default -> decide(exchange, operation, body);
          });
    }
  }

  private Answer decide(HttpExchange exchange, EstOperation operation, byte[] body) {
    try {
      JcaPKCS10CertificationRequest csr = new JcaPKCS10CertificationRequest(EstBase64.decode(body));
      Request request = new Request(
          operation,
          csr.getPublicKey(),
          csr.getSubject().toString(),
          client((HttpsExchange) exchange),
          claim(exchange));
      requests.add(request);
      Extensions wanted = csr.getRequestedExtensions();
      lastExtensions = wanted == null
          ? List.of()
          : Arrays.stream(wanted.getExtensionOIDs()).map(Object::toString).toList();
      return registrar.decide(request);
    } catch (Exception e) {
      return Answer.text(500, e.toString());
    }
  }

  private static @Nullable X509Certificate client(HttpsExchange exchange) {
    try {
      return (X509Certificate) exchange.getSSLSession().getPeerCertificates()[0];
    } catch (SSLPeerUnverifiedException e) {
      return null;
    }
  }

  /** The password of HTTP Basic (RFC 7617). */
  private static @Nullable String claim(HttpExchange exchange) {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    if (header == null) {
      return null;
    }
    assertThat(header).startsWith("Basic ");
    String pair = new String(
        Base64.getDecoder().decode(header.substring("Basic ".length())), StandardCharsets.UTF_8);
    return pair.substring(pair.indexOf(':') + 1);
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    exchange.getResponseHeaders().set("Content-Type", answer.type());
    answer.headers().forEach(exchange.getResponseHeaders()::set);
    exchange.sendResponseHeaders(
        answer.status(), answer.body().length == 0 ? -1 : answer.body().length);
    exchange.getResponseBody().write(answer.body());
  }

  private SSLContext tls(Credential credential) {
    try {
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry(
          "server",
          credential.key(),
          new char[0],
          credential.chain().toArray(X509Certificate[]::new));
      KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
      keys.init(own, new char[0]);
      KeyStore trusted = KeyStore.getInstance("PKCS12");
      trusted.load(null, null);
      trusted.setCertificateEntry("manufacturer", fleet.manufacturer().certificate());
      trusted.setCertificateEntry("devices", fleet.deviceCa().certificate());
      TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
