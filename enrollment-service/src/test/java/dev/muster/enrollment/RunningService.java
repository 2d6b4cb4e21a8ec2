/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.authority.CaConfig;
import dev.muster.enrollment.authority.CertificateAuthorities;
import dev.muster.enrollment.est.EstConfig;
import dev.muster.enrollment.inventory.StorageConfig;
import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.IssuanceConfig;
import dev.muster.enrollment.operator.OperatorRoutes;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.revocation.RevocationConfig;
import dev.muster.enrollment.rollover.RollOverConfig;
import dev.muster.protocol.file.Pem;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.ext.web.handler.HttpException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The whole service on free ports, a manufacturer, and the independent clients that talk to it.
 *
 * <p>Each IDevID is made with the name {@code Widget} and its serial number.
 */
final class RunningService implements AutoCloseable {
  /** A header of the operator API here: who sends it is limited to this fleet. */
  static final String FLEET = "Test-Fleet";

  static final Instant NO_EXPIRY = OffsetDateTime.parse("9999-12-31T23:59:59Z").toInstant();

  final Path folder;
  final Path caDirectory;
  final CertificateAuthorities authorities;
  final Vertx vertx = Vertx.vertx();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final TestPki.Credential factory = TestPki.root("O=Acme,CN=Acme Device Root");
  private final HttpServer operator;
  private final HttpClient http = HttpClient.newHttpClient();
  private final Clock clock;
  private EnrollmentService service;

  RunningService(Path folder) {
    this(folder, Clock.systemUTC());
  }

  RunningService(Path folder, Clock clock) {
    this(folder, clock, config -> config, CaConfig.DEFAULT);
  }

  /** @param change of the settings */
  RunningService(Path folder, UnaryOperator<EnrollmentConfig> change) {
    this(folder, Clock.systemUTC(), change, CaConfig.DEFAULT);
  }

  /** As above, by another clock. */
  RunningService(Path folder, Clock clock, UnaryOperator<EnrollmentConfig> change) {
    this(folder, clock, change, CaConfig.DEFAULT);
  }

  /** @param ca where the keys of the CAs are; they are made unless {@code folder} has them */
  RunningService(Path folder, CaConfig ca) {
    this(folder, Clock.systemUTC(), config -> config, ca);
  }

  private RunningService(
      Path folder, Clock clock, UnaryOperator<EnrollmentConfig> change, CaConfig ca) {
    this.folder = folder;
    this.clock = clock;
    this.caDirectory = folder.resolve("ca");
    if (!Files.exists(caDirectory)) {
      CertificateAuthorities.create(caDirectory, ca, Clock.systemUTC());
    }
    authorities = CertificateAuthorities.open(caDirectory, ca);
    write("root.pem", Pem.of(List.of(authorities.root())));
    service = start(change.apply(config(folder.resolve("db"), 0, 0)));
    operator = operatorApi();
  }

  private EnrollmentService start(EnrollmentConfig config) {
    return EnrollmentService.start(
        config,
        authorities,
        authorities.issueServer(List.of("localhost", "127.0.0.1"), Clock.systemUTC()),
        vertx,
        clock,
        meters);
  }

  static EnrollmentConfig config(Path database, int estPort, int httpPort) {
    return new EnrollmentConfig(
        new StorageConfig(database),
        EstConfig.on("127.0.0.1", estPort),
        new AdmissionConfig(new FleetName("default"), false, List.of()),
        new IssuanceConfig(Duration.ofDays(30), null),
        new RevocationConfig(
            "127.0.0.1", httpPort, null, Duration.ofHours(24), Duration.ofHours(1), 10_000, 0),
        RollOverConfig.DEFAULT);
  }

  /** The same settings, but for EST. */
  static EnrollmentConfig with(EnrollmentConfig config, EstConfig est) {
    return new EnrollmentConfig(
        config.storage(),
        est,
        config.admission(),
        config.issuance(),
        config.revocation(),
        config.rollOver());
  }

  /** The same settings, and EST over CoAP besides. */
  static EnrollmentConfig with(EnrollmentConfig config, CoapsConfig coaps) {
    return new EnrollmentConfig(
        config.storage(),
        config.est(),
        config.admission(),
        config.issuance(),
        config.revocation(),
        config.rollOver(),
        config.hook(),
        coaps);
  }

  /** The same settings, but for admission. */
  static EnrollmentConfig with(EnrollmentConfig config, AdmissionConfig admission) {
    return new EnrollmentConfig(
        config.storage(),
        config.est(),
        admission,
        config.issuance(),
        config.revocation(),
        config.rollOver());
  }

  /** The same settings, and work that is due now and then is looked for every second. */
  static EnrollmentConfig withUpkeepEachSecond(EnrollmentConfig config) {
    return new EnrollmentConfig(
        config.storage(),
        config.est(),
        config.admission(),
        config.issuance(),
        new RevocationConfig(
            config.revocation().host(),
            config.revocation().port(),
            config.revocation().publicUrl(),
            config.revocation().crlValidity(),
            Duration.ofSeconds(1),
            config.revocation().shardSize(),
            config.revocation().ocspAhead()),
        config.rollOver());
  }

  private HttpServer operatorApi() {
    Router router = Router.router(vertx);
    router.route().handler(BodyHandler.create(false).setBodyLimit(32 << 20));
    router.route().failureHandler(RunningService::fail);
    router.route().handler(RunningService::limit);
    Router routes = Router.router(vertx);
    service.mountOperatorRoutes(routes);
    router.route("/api/v1/*").subRouter(routes);
    return vertx
        .createHttpServer()
        .requestHandler(router)
        .listen(0, "127.0.0.1")
        .toCompletionStage()
        .toCompletableFuture()
        .join();
  }

  /** Whoever says so is limited to the fleets he names. */
  private static void limit(RoutingContext context) {
    List<String> fleets = context.request().headers().getAll(FLEET);
    if (!fleets.isEmpty()) {
      context.put(OperatorRoutes.FLEETS, fleets);
    }
    context.next();
  }

  private static void fail(RoutingContext context) {
    Throwable failure = context.failure();
    int status = failure instanceof HttpException e ? e.getStatusCode() : 500;
    String detail = failure instanceof HttpException e ? e.getPayload() : String.valueOf(failure);
    context
        .response()
        .setStatusCode(status)
        .end(new JsonObject().put("detail", detail).toBuffer());
  }

  EnrollmentService service() {
    return service;
  }

  String est(String operation) {
    return "https://localhost:" + service.estPort() + "/.well-known/est/" + operation;
  }

  String crl(String issuer) {
    return "http://localhost:" + service.httpPort() + "/crl/" + issuer + ".crl";
  }

  /**
   * What the audit log says of a device, the oldest first: what, by what kind of actor, and why.
   */
  List<String> trace(String device) {
    return get("/audit?order=oldest&object=device:" + device)
        .body()
        .getJsonArray("entries")
        .stream()
        .map(JsonObject.class::cast)
        .map(entry -> new JsonObject(entry.getString("text")))
        .map(RunningService::inShort)
        .toList();
  }

  private static String inShort(JsonObject entry) {
    String reason = entry.getJsonObject("details").getString("reason");
    return entry.getString("action") + " by " + entry.getString("actor").split(":")[0]
        + (reason == null ? "" : ": " + reason);
  }

  /** An answer of the operator API. */
  record Answer(int status, JsonObject body) {}

  Answer get(String path) {
    return send(HttpRequest.newBuilder(api(path)).GET());
  }

  Answer post(String path, JsonObject body) {
    return send(HttpRequest.newBuilder(api(path))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body.encode())));
  }

  /** As {@link #post}, with one more header. */
  Answer post(String path, JsonObject body, String header, String value) {
    return send(HttpRequest.newBuilder(api(path))
        .header("Content-Type", "application/json")
        .header(header, value)
        .POST(HttpRequest.BodyPublishers.ofString(body.encode())));
  }

  /** The entity tag of what is there. */
  String tag(String path) {
    try {
      return http.send(
              HttpRequest.newBuilder(api(path)).GET().build(),
              HttpResponse.BodyHandlers.discarding())
          .headers()
          .firstValue("ETag")
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  Answer postCsv(String path, String text) {
    return send(HttpRequest.newBuilder(api(path))
        .header("Content-Type", "text/csv")
        .POST(HttpRequest.BodyPublishers.ofString(text)));
  }

  Answer postBytes(String path, byte[] body) {
    return send(
        HttpRequest.newBuilder(api(path)).POST(HttpRequest.BodyPublishers.ofByteArray(body)));
  }

  private URI api(String path) {
    return URI.create("http://127.0.0.1:" + operator.actualPort() + "/api/v1" + path);
  }

  private Answer send(HttpRequest.Builder request) {
    try {
      HttpResponse<String> response =
          http.send(request.build(), HttpResponse.BodyHandlers.ofString());
      return new Answer(response.statusCode(), new JsonObject(response.body()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Registers a manufacturer and shows that the key of its CA is at hand. */
  Answer addManufacturer(String name, TestPki.Credential ca, String admission) {
    Answer registered = registerManufacturer(name, ca, admission);
    if (registered.status() == 201) {
      challengeOf(registered, ca)
          .ifPresent(challenge -> assertThat(
                  proveManufacturer(name, ca.issue("CN=" + challenge).build()).status())
              .isEqualTo(200));
    }
    return registered;
  }

  /** What is to be certified as proof. */
  static Optional<String> challengeOf(Answer answer, TestPki.Credential ca) {
    return answer.body().getJsonArray("cas").stream()
        .map(JsonObject.class::cast)
        .filter(one ->
            one.getString("fingerprint").equals(Fingerprint.of(ca.certificate()).hex()))
        .flatMap(one -> Stream.ofNullable(one.getString("challenge")))
        .findFirst();
  }

  Answer proveManufacturer(String name, TestPki.Credential proof) {
    return post(
        "/manufacturers/" + name + "/proof",
        new JsonObject().put("certificate", TestPki.pem(List.of(proof.certificate()))));
  }

  /** Only that: an unproven CA lets nobody in. */
  Answer registerManufacturer(String name, TestPki.Credential ca, String admission) {
    return post(
        "/manufacturers",
        new JsonObject()
            .put("name", name)
            .put("ca", TestPki.pem(List.of(ca.certificate())))
            .put("admission", admission));
  }

  /** Writes {@code <serial>.key} and {@code <serial>.pem}: an IDevID without usages or expiry. */
  TestPki.Credential idevid(String serial) {
    TestPki.Credential idevid = factory
        .issue("CN=Widget,SERIALNUMBER=" + serial)
        .withoutUsages()
        .validity(Instant.now().minusSeconds(60), NO_EXPIRY)
        .build();
    TestPki.write(folder, serial, idevid);
    return idevid;
  }

  RawCoapClient rawCoap(TestPki.Credential identity) throws IOException {
    return new RawCoapClient(coapsPort(), authorities.root(), identity);
  }

  int coapsPort() {
    return service().coapsPort().getAsInt();
  }

  /** Makes a P-256 key and a request with openssl, as {@code <name>.key} and {@code <name>.b64}. */
  void csr(String name, String subject, String... extra) {
    PeerProgram openssl = PeerProgram.require("openssl");
    openssl
        .run(folder, "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
        .expectSuccess();
    csrWithKey(name, name + ".key", subject, extra);
  }

  /** The key of {@link #csr}. */
  PrivateKey privateKey(String name) throws GeneralSecurityException {
    PeerProgram.require("openssl")
        .run(
            folder,
            "pkcs8",
            "-topk8",
            "-nocrypt",
            "-in",
            name + ".key",
            "-outform",
            "DER",
            "-out",
            name + ".p8")
        .expectSuccess();
    return KeyFactory.getInstance("EC")
        .generatePrivate(new PKCS8EncodedKeySpec(read(name + ".p8")));
  }

  void csrWithKey(String name, String key, String subject, String... extra) {
    List<String> arguments = new ArrayList<>(List.of(
        "req",
        "-new",
        "-sha256",
        "-key",
        key,
        "-subj",
        subject,
        "-outform",
        "DER",
        "-out",
        name + ".der"));
    arguments.addAll(List.of(extra));
    PeerProgram.require("openssl").run(folder, arguments.toArray(String[]::new)).expectSuccess();
    write(name + ".b64", Base64.getEncoder().encodeToString(read(name + ".der")));
  }

  /** As {@link #csr}, with a key of P-384, so that it takes two blocks of 256 octets. */
  byte[] csrOfTwoBlocks(String name, String subject) {
    String key = name + ".key";
    PeerProgram.require("openssl")
        .run(folder, "ecparam", "-name", "secp384r1", "-genkey", "-noout", "-out", key)
        .expectSuccess();
    csrWithKey(name, key, subject);
    byte[] csr = read(name + ".der");
    if (csr.length <= 256 || csr.length > 512) {
      throw new AssertionError(name + ": " + csr.length + " octets (expected: 257 to 512)");
    }
    return csr;
  }

  /** What curl saw. */
  record Http(int status, String headers, String body) {
    Optional<String> header(String name) {
      return headers
          .lines()
          .filter(line -> line.startsWith(name + ": "))
          .map(line -> line.substring(name.length() + 2).strip())
          .findFirst();
    }
  }

  /** A refusal is of a status, and tells a person why in a few words of plain text. */
  static void refused(Http answer, int status, String... words) {
    assertThat(answer.status()).as(answer.toString()).isEqualTo(status);
    assertThat(answer.header("Content-Type").orElse("")).startsWith("text/plain");
    assertThat(answer.body()).contains(words).doesNotContain("Exception", "\tat ");
    assertThat(answer.body().length()).isBetween(1, 1023);
  }

  /** No answer of EST was a 500, which is a defect of ours. */
  void assertNoDefects() {
    assertThat(meters.find("muster.est.requests").tag("status", "500").counters())
        .isEmpty();
  }

  /**
   * Asks for a first certificate with a claim token, and with a factory identity if there is one.
   */
  Http claim(@org.jspecify.annotations.Nullable String credential, String token, String csr) {
    return curl(
        credential,
        "-u",
        "any:" + token,
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@" + csr + ".b64",
        est("simpleenroll"));
  }

  /** POSTs {@code <csr>.b64}, as {@code <credential>}; null for no client certificate. */
  Http enroll(String operation, @org.jspecify.annotations.Nullable String credential, String csr) {
    return curl(
        credential,
        "-H",
        "Content-Type: application/pkcs10",
        "--data-binary",
        "@" + csr + ".b64",
        est(operation));
  }

  Http curl(@org.jspecify.annotations.Nullable String credential, String... more) {
    List<String> arguments = new ArrayList<>(List.of(
        "-sS",
        "--cacert",
        "root.pem",
        "-D",
        "headers.txt",
        "-o",
        "body.txt",
        "-w",
        "%{http_code}"));
    if (credential != null) {
      arguments.addAll(List.of("--cert", credential + ".pem", "--key", credential + ".key"));
    }
    arguments.addAll(List.of(more));
    write("headers.txt", "");
    write("body.txt", "");
    PeerProgram.Result result =
        PeerProgram.require("curl").run(folder, arguments.toArray(String[]::new));
    if (result.exitCode() != 0) {
      throw new AssertionError("curl " + arguments + ": " + result);
    }
    return new Http(
        Integer.parseInt(result.stdout().strip()), text("headers.txt"), text("body.txt"));
  }

  /** Unpacks an answer into {@code <name>.pem} with openssl, and reads the certificate. */
  X509Certificate unpack(Http answer, String name) {
    List<X509Certificate> certificates = unpackAll(answer, name);
    if (certificates.size() != 1) {
      throw new AssertionError(certificates.size() + " certificates");
    }
    return certificates.get(0);
  }

  /** As {@link #unpack}, with all the certificates that are there. */
  List<X509Certificate> unpackAll(Http answer, String name) {
    assertThat(answer.header("Content-Type"))
        .as(answer.toString())
        .contains("application/pkcs7-mime; smime-type=certs-only");
    assertThat(answer.header("Content-Transfer-Encoding")).contains("base64");
    write(name + ".p7.b64", answer.body());
    write(name + ".p7", Base64.getDecoder().decode(answer.body()));
    PeerProgram.require("openssl")
        .run(
            folder,
            "pkcs7",
            "-inform",
            "DER",
            "-in",
            name + ".p7",
            "-print_certs",
            "-out",
            name + ".pem")
        .expectSuccess();
    return Pem.certificates(text(name + ".pem"));
  }

  /** Enrolls and leaves {@code <name>.key} and {@code <name>.pem}. */
  X509Certificate enrolled(String serial, String name) {
    csr(name, "/");
    Http answer = enroll("simpleenroll", serial, name);
    if (answer.status() != 200) {
      throw new AssertionError(answer.toString());
    }
    return unpack(answer, name);
  }

  void write(String name, String text) {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  void write(String name, byte[] bytes) {
    try {
      Files.write(folder.resolve(name), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  byte[] read(String name) {
    try {
      return Files.readAllBytes(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String text(String name) {
    return new String(read(name), StandardCharsets.UTF_8);
  }

  static String serialOf(X509Certificate certificate) {
    return certificate.getSerialNumber().toString(16).toLowerCase(Locale.ROOT);
  }

  double count(String meter) {
    return meters.find(meter).counters().stream()
        .mapToDouble(counter -> counter.count())
        .sum();
  }

  @Override
  public void close() {
    service.close();
    vertx.close().toCompletionStage().toCompletableFuture().join();
  }
}
