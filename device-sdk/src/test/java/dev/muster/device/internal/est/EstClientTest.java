/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import dev.muster.device.EnrollmentDeferredException;
import dev.muster.device.EnrollmentRefusedException;
import dev.muster.device.EnrollmentUnavailableException;
import dev.muster.device.ServerProtocolException;
import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.identity.Credential;
import dev.muster.device.internal.identity.TrustAnchors;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.testing.EstDouble;
import dev.muster.device.testing.EstDouble.Answer;
import dev.muster.device.testing.TestFleet;
import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.EstBase64;
import dev.muster.protocol.est.EstMediaType;
import dev.muster.protocol.est.EstOperation;
import dev.muster.protocol.est.ExtensionWish;
import dev.muster.protocol.est.KeyWish;
import dev.muster.testing.TestPki;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.logging.Level;
import java.util.logging.Logger;
import javax.security.auth.x500.X500Principal;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EstClientTest {
  private static final int TLS_HANDSHAKE = 22;
  private static final String TOKEN = "0123456789abcdef0123456789abcdef";

  @TempDir
  Path folder;

  private final KeyPair keys = TestPki.newKey();
  private TestFleet fleet;
  private EstDouble est;

  @BeforeEach
  void startServer() {
    fleet = new TestFleet(folder);
    est = new EstDouble(fleet);
  }

  @AfterEach
  void stopServer() {
    est.close();
  }

  private EstClient client() {
    return client(est.uri());
  }

  private EstClient client(URI uri) {
    return client(uri, Credential.read(fleet.factoryKey(), fleet.factoryChain()));
  }

  private EstClient client(URI uri, Credential shown) {
    return client(uri, shown, DeviceClock.of(Clock.systemUTC(), Instant.EPOCH));
  }

  private EstClient client(URI uri, Credential shown, DeviceClock clock) {
    return client(uri, shown, clock, Duration.ofSeconds(5));
  }

  private EstClient patientClient(URI uri) {
    return client(
        uri,
        Credential.read(fleet.factoryKey(), fleet.factoryChain()),
        DeviceClock.of(Clock.systemUTC(), Instant.EPOCH),
        Duration.ofHours(1));
  }

  private EstClient client(URI uri, Credential shown, DeviceClock clock, Duration limit) {
    TrustAnchors trust = TrustAnchors.read(fleet.trust());
    return new EstClient(uri, TlsIdentity.of(shown, trust, clock), trust, limit, clock);
  }

  private EstClient claiming(URI uri) {
    TrustAnchors trust = TrustAnchors.read(fleet.trust());
    DeviceClock clock = DeviceClock.of(Clock.systemUTC(), Instant.EPOCH);
    TlsIdentity nobody = TlsIdentity.anonymous(trust, clock);
    return new EstClient(uri, nobody, ClaimToken.of(TOKEN), trust, Duration.ofSeconds(5), clock);
  }

  private EstClient clientAt1970(EstDouble server, DeviceClock clock) {
    return client(server.uri(), Credential.read(fleet.factoryKey(), fleet.factoryChain()), clock);
  }

  @Test
  void abort_serverSaysNothing_endsTheCallAtOnceAndLetsNoOtherBegin() throws Exception {
    try (ServerSocket silent = new ServerSocket(0)) {
      EstClient client = patientClient(URI.create("https://localhost:" + silent.getLocalPort()));
      CompletableFuture<Throwable> outcome =
          CompletableFuture.supplyAsync(() -> catchThrowable(() -> client.enroll(keys)));
      try (Socket accepted = silent.accept()) {
        assertThat(accepted.getInputStream().read()).isEqualTo(TLS_HANDSHAKE);
        client.abort();

        // The server is there still, and the client would wait for it for an hour.
        assertThat(outcome).succeedsWithin(Duration.ofSeconds(60));
      }
      assertThat(outcome.join()).isInstanceOf(EnrollmentUnavailableException.class);
      assertThatThrownBy(() -> client.enroll(keys))
          .isInstanceOf(EnrollmentUnavailableException.class)
          .hasMessageContaining("ended by this device");
      silent.setSoTimeout(1);
      assertThatThrownBy(silent::accept).isInstanceOf(SocketTimeoutException.class);
    }
  }

  /** Java would start one with each handshake, to tell of it who waits for it anyhow. */
  @Test
  void enroll_startsNoThread() throws Exception {
    Path events = folder.resolve("threads.jfr");
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ThreadStart");
      recording.start();
      patientClient(est.uri()).enroll(keys);
      recording.stop();
      recording.dump(events);
    }

    List<String> started = RecordingFile.readAllEvents(events).stream()
        .filter(event -> {
          RecordedThread parent = event.getThread("parentThread");
          return parent != null
              && parent.getJavaThreadId() == Thread.currentThread().getId();
        })
        .map(event -> event.getThread("thread").getJavaName())
        // Of all of a JVM: there may be a server that does not say that it closes the connection.
        .filter(name -> !name.equals("Keep-Alive-Timer"))
        .toList();
    assertThat(started).isEmpty();
  }

  private static DeviceClock clockAt1970(Instant floor) {
    return DeviceClock.of(Clock.fixed(Instant.EPOCH, ZoneOffset.UTC), floor);
  }

  @Test
  void enroll_clockAt1970AndServerThatBeganLater_isTrustedAndTellsTheTime() throws Exception {
    DeviceClock clock = clockAt1970(Instant.parse("2026-01-01T00:00:00Z"));

    clientAt1970(est, clock).enroll(keys);

    assertThat(clock.isEstimated()).isFalse();
    assertThat(clock.instant()).isCloseTo(Instant.now(), within(5, ChronoUnit.SECONDS));
  }

  @Test
  void enroll_clockAt1970AndServerThatHadExpiredAtTheFloor_isNotTrusted() {
    Instant floor = Instant.now().minus(Duration.ofDays(1));
    DeviceClock clock = clockAt1970(floor);
    try (EstDouble expired = new EstDouble(
        fleet,
        fleet
            .serviceCa()
            .issue("CN=server, OU=server")
            .server()
            .validity(floor.minusSeconds(7200), floor.minusSeconds(3600))
            .build())) {
      assertThat(catchThrowable(() -> clientAt1970(expired, clock).enroll(keys)))
          .hasMessageContaining("not trusted");
    }
    assertThat(clock.isEstimated()).isTrue();
  }

  @Test
  void enroll_serverTellsATimeAtWhichItsCertificateIsNotValid_teachesNothing() throws Exception {
    Instant floor = Instant.now().minus(Duration.ofDays(1));
    DeviceClock clock = clockAt1970(floor);
    TestPki.Credential shown = fleet
        .serviceCa()
        .issue("CN=server, OU=server")
        .server()
        .validity(floor, Instant.now().minusSeconds(30))
        .build();
    try (EstDouble ahead = new EstDouble(fleet, shown)) {
      clientAt1970(ahead, clock).enroll(keys);
    }
    assertThat(clock.isEstimated()).isTrue();
  }

  private RenewalAdvice advice() throws Exception {
    return client().renewalInfo(fleet.deviceCa().issue("CN=d").build().certificate());
  }

  @Test
  void renewalInfo_aWindow_isRead() throws Exception {
    Instant start = Instant.parse("2026-01-31T12:00:00Z");
    Instant end = start.plusSeconds(7200);
    est.renewalInfo(id -> EstDouble.renewBetween(start, end, Duration.ofHours(6)));

    assertThat(advice()).isEqualTo(new RenewalAdvice(start, end, Duration.ofHours(6)));
    est.renewalInfo(id -> EstDouble.renewBetween(start, end, Duration.ofSeconds(1)));
    assertThat(advice().askAgain()).isEqualTo(Duration.ofMinutes(1));
    est.renewalInfo(id -> EstDouble.renewBetween(start, end, Duration.ofDays(400)));
    assertThat(advice().askAgain()).isEqualTo(Duration.ofDays(1));
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 404, 405, 501})
  void renewalInfo_aServerThatHasNone_hasNoOpinion(int status) throws Exception {
    est.renewalInfo(id -> Answer.text(status, ""));

    assertThat(advice()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{\"suggestedWindow\":1}",
        "{\"suggestedWindow\":{\"start\":\"now\",\"end\":\"2026-01-31T12:00:00Z\"}}",
        "{\"suggestedWindow\":{\"start\":\"2026-01-31T12:00:00Z\",\"end\":\"2026-01-30T12:00:00Z\"}}"
      })
  void renewalInfo_garbage_isAProtocolError(String body) {
    est.renewalInfo(
        id -> new Answer(200, "application/json", Map.of(), body.getBytes(StandardCharsets.UTF_8)));

    assertThatThrownBy(this::advice)
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("renewal-info");
  }

  private void wants(CsrAttributes.Element... elements) {
    est.csrAttributes(new Answer(
        200,
        EstMediaType.CSR_ATTRS,
        Map.of(),
        EstBase64.encode(new CsrAttributes(List.of(elements)).encode())));
  }

  @Test
  void enroll_serverWantsExtensionsAndOurKey_areAskedFor() throws Exception {
    wants(
        new CsrAttributes.Element.Key(KeyWish.ec(KeyWish.P256)),
        new CsrAttributes.Element.Extensions(List.of(
            new ExtensionWish("2.5.29.37", false, "300a06082b06010505070302"),
            new ExtensionWish("2.5.29.17", false, null))));

    client().enroll(keys);

    assertThat(est.lastExtensions()).containsExactly("2.5.29.37");
  }

  @Test
  void enroll_serverWantsWhatWeCannot_saysSoAndAsksForNothing() {
    wants(new CsrAttributes.Element.Key(KeyWish.rsa(3072)));
    assertThat(catchThrowable(() -> client().enroll(keys)))
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("expected: EC on P-256");
    wants(new CsrAttributes.Element.Wish(CsrAttributes.CHALLENGE_PASSWORD));
    assertThat(catchThrowable(() -> client().enroll(keys)))
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("linked to their TLS channel");
    est.csrAttributes(new Answer(200, EstMediaType.CSR_ATTRS, Map.of(), new byte[] {65, 65}));
    assertThat(catchThrowable(() -> client().enroll(keys)))
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("csrattrs");

    assertThat(est.requests()).isEmpty();
  }

  private Throwable failureOf(EstDouble.Registrar registrar) {
    est.registrar(registrar);
    return catchThrowable(() -> client().enroll(keys));
  }

  @Test
  void enroll_factoryIdentity_getsChainForItsKey() throws Exception {
    IssuedCertificate issued = client().enroll(keys);

    assertThat(issued.subject().device()).hasToString("acme-0001");
    assertThat(issued.chain()).hasSize(2);
    assertThat(issued.chain().get(0).getPublicKey()).isEqualTo(keys.getPublic());
    assertThat(issued.chain().get(1)).isEqualTo(fleet.deviceCa().certificate());
    EstDouble.Request request = est.requests().get(0);
    assertThat(request.operation()).isEqualTo(EstOperation.SIMPLE_ENROLL);
    assertThat(request.client().getIssuerX500Principal().getName()).contains("Acme Root");
  }

  @Test
  void enroll_claimTokenAlone_isShownWithTheRequestForACertificateAndNoOther() throws Exception {
    est.registrar(request -> est.issueFor(TOKEN, request));

    IssuedCertificate issued = claiming(est.uri()).enroll(keys);

    assertThat(issued.subject().device()).hasToString("acme-0001");
    assertThat(est.shownClaims()).containsExactly(EstOperation.SIMPLE_ENROLL);
    assertThat(est.requests().get(0).client()).isNull();
  }

  @Test
  void reenroll_claimToken_isNotShown() {
    Throwable failure =
        catchThrowable(() -> claiming(est.uri()).reenroll(keys, new X500Principal("CN=a")));

    assertThat(failure).isInstanceOf(EnrollmentRefusedException.class);
    assertThat(est.shownClaims()).isEmpty();
  }

  @Test
  void enroll_claimTokenRefused_isToldWithTheReason() {
    est.registrar(request -> est.issueFor("another", request));

    assertThat(catchThrowable(() -> claiming(est.uri()).enroll(keys)))
        .isInstanceOf(EnrollmentRefusedException.class)
        .hasMessage("simpleenroll was answered with 401: claim token: not valid");
  }

  @Test
  void enroll_redirected_showsTheClaimTokenToNobodyElse() {
    try (EstDouble elsewhere = new EstDouble(fleet)) {
      est.registrar(request -> Answer.text(307, "over there")
          .with("Location", elsewhere.uri() + EstOperation.SIMPLE_ENROLL.path()));

      assertThat(catchThrowable(() -> claiming(est.uri()).enroll(keys)))
          .isInstanceOf(ServerProtocolException.class);
      assertThat(elsewhere.asked(EstOperation.SIMPLE_ENROLL)).isZero();
    }
  }

  @Test
  void enroll_javaWouldLogTheClaimToken_isNotDone() {
    Logger log = Logger.getLogger("sun.net.www.protocol.http.HttpURLConnection");
    Level before = log.getLevel();
    log.setLevel(Level.FINE);
    try {
      assertThat(catchThrowable(() -> claiming(est.uri()).enroll(keys)))
          .isInstanceOf(EnrollmentRefusedException.class)
          .hasMessageContaining("above FINE");
    } finally {
      log.setLevel(before);
    }
    assertThat(est.shownClaims()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "line\nbreak", "umlaut\u00e4"})
  void claimToken_thatCannotBeOne_isRefusedAndNotShown(String text) {
    assertThatThrownBy(() -> ClaimToken.of(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("claim token: " + text.length() + " characters")
        .satisfies(
            e -> assertThat(text.isEmpty() || !e.getMessage().contains(text)).isTrue());
    assertThat(ClaimToken.of(TOKEN).toString()).doesNotContain(TOKEN);
  }

  @Test
  void enroll_addressWithLabel_isKept() throws Exception {
    URI withLabel = URI.create(est.uri() + "/.well-known/est/line1");

    assertThat(client(withLabel).enroll(keys).chain()).hasSize(2);
  }

  @Test
  void reenroll_currentCertificate_keepsItsSubject() throws Exception {
    IssuedCertificate first = client().enroll(keys);
    KeyPair next = TestPki.newKey();

    IssuedCertificate second = client(est.uri(), new Credential(keys.getPrivate(), first.chain()))
        .reenroll(next, first.chain().get(0).getSubjectX500Principal());

    assertThat(second.chain().get(0).getPublicKey()).isEqualTo(next.getPublic());
    EstDouble.Request request = est.requests().get(1);
    assertThat(request.operation()).isEqualTo(EstOperation.SIMPLE_REENROLL);
    assertThat(request.subject()).isEqualTo("CN=acme-0001,O=default,OU=device");
    assertThat(request.client()).isEqualTo(first.chain().get(0));
  }

  @Test
  void enroll_accepted_isDeferred() {
    Throwable failure = failureOf(
        request -> Answer.text(202, "an operator has to approve").with("Retry-After", "120"));

    assertThat(failure)
        .isInstanceOfSatisfying(
            EnrollmentDeferredException.class,
            deferred -> assertThat(deferred.retryAfter()).isEqualTo(Duration.ofMinutes(2)))
        .hasMessage("an operator has to approve");
  }

  @Test
  void enroll_busy_isUnavailableForAsLongAsAsked() {
    Throwable failure = failureOf(request -> Answer.text(503, "busy").with("Retry-After", "7"));

    assertThat(failure)
        .isInstanceOfSatisfying(
            EnrollmentUnavailableException.class,
            unavailable -> assertThat(unavailable.retryAfter()).isEqualTo(Duration.ofSeconds(7)));
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 401, 403, 409, 415, 422})
  void enroll_refused_tellsTheServersReason(int status) {
    Throwable failure = failureOf(request -> Answer.text(status, "EST-CSR-0007: no\r\nINFO fake"));

    assertThat(failure)
        .hasMessage("simpleenroll was answered with " + status + ": EST-CSR-0007: no  INFO fake")
        .isInstanceOfSatisfying(
            EnrollmentRefusedException.class,
            refused -> assertThat(refused.isRequestRefused()).isEqualTo(status == 400));
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 301, 404, 405, 501})
  void enroll_notAnEstServer_isReported(int status) {
    assertThat(failureOf(request -> new Answer(status, "text/plain", Map.of(), new byte[0])))
        .isInstanceOf(ServerProtocolException.class);
  }

  @ParameterizedTest
  @CsvSource({
    "text/html,PGh0bWw+",
    "application/pkcs7-mime,''",
    "application/pkcs7-mime,not base64 at all!",
    "application/pkcs7-mime,AAAA",
    "application/pkcs7-mime,MIIFAKE0"
  })
  void enroll_garbage_isReported(String type, String body) {
    Throwable failure = failureOf(
        request -> new Answer(200, type, Map.of(), body.getBytes(StandardCharsets.UTF_8)));

    assertThat(failure).isInstanceOf(ServerProtocolException.class);
  }

  @Test
  void enroll_hugeAnswer_isCutOff() {
    Throwable failure = failureOf(
        request -> new Answer(200, EstMediaType.CERTS_ONLY, Map.of(), new byte[5_000_000]));

    assertThat(failure).isInstanceOf(ServerProtocolException.class).hasMessageContaining("larger");
  }

  @Test
  void enroll_certificateForAnotherKey_isReported() {
    Throwable failure = failureOf(request -> EstDouble.certificates(
        List.of(est.certify(fleet.deviceCa(), TestPki.newKey().getPublic()))));

    assertThat(failure).isInstanceOf(ServerProtocolException.class).hasMessageContaining("our key");
  }

  @Test
  void enroll_certificateOfAnotherRoot_isReported() {
    TestPki.Credential other =
        TestPki.root("CN=Fleet Root").issue("CN=Device CA").ca().build();
    Throwable failure = failureOf(request ->
        EstDouble.certificates(List.of(est.certify(other, request.key()), other.certificate())));

    assertThat(failure)
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("trust anchor");
  }

  @Test
  void enroll_certificateThatNamesNoDevice_isReported() {
    Throwable failure = failureOf(request -> {
      X509Certificate certificate = fleet
          .deviceCa()
          .issue("CN=../etc, O=default, OU=device")
          .key(new KeyPair(request.key(), null))
          .build()
          .certificate();
      return EstDouble.certificates(List.of(certificate));
    });

    assertThat(failure)
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("names no device");
  }

  @Test
  void enroll_caCertsGarbage_isReported() {
    est.caCerts(new Answer(200, EstMediaType.CERTS_ONLY, Map.of(), new byte[] {1, 2, 3}));

    assertThatThrownBy(() -> client().enroll(keys)).isInstanceOf(ServerProtocolException.class);
  }

  @Test
  void enroll_serverForAnotherHost_getsNothing() {
    assertNotTrusted(
        fleet.serviceCa().issue("CN=server, OU=server").server("other.example").build());
  }

  /** RFC 7030, 3.6.1 would do with either, the name or cmcRA: here the name is always asked for. */
  @Test
  void enroll_registrationAuthorityUnderAnotherName_getsNothing() throws Exception {
    assertNotTrusted(registrationAuthority("other.example"));
    try (EstDouble named = new EstDouble(fleet, registrationAuthority("localhost"))) {
      assertThat(client(named.uri()).enroll(keys).chain()).hasSize(2);
    }
  }

  private TestPki.Credential registrationAuthority(String name) {
    KeyPurposeId[] purposes = {
      KeyPurposeId.id_kp_serverAuth,
      KeyPurposeId.getInstance(new ASN1ObjectIdentifier("1.3.6.1.5.5.7.3.28"))
    };
    return fleet
        .serviceCa()
        .issue("CN=server, OU=server")
        .withoutUsages()
        .dns(name)
        .extension(Extension.extendedKeyUsage, new ExtendedKeyUsage(purposes))
        .build();
  }

  @Test
  void enroll_serverOfAnotherCa_getsNothing() {
    assertNotTrusted(
        TestPki.root("CN=Fleet Root").issue("CN=server, OU=server").server().build());
  }

  @Test
  void enroll_deviceAsServer_getsNothing() {
    assertNotTrusted(
        fleet.deviceCa().issue("CN=d2, O=default, OU=device").dns("localhost").build());
  }

  private void assertNotTrusted(TestPki.Credential serverCredential) {
    try (EstDouble impostor = new EstDouble(fleet, serverCredential)) {
      assertThatThrownBy(() -> client(impostor.uri()).enroll(keys))
          .isInstanceOf(EnrollmentUnavailableException.class)
          .hasMessageContaining("not trusted");
      assertThatThrownBy(() -> claiming(impostor.uri()).enroll(keys))
          .isInstanceOf(EnrollmentUnavailableException.class)
          .hasMessageContaining("not trusted");
      assertThat(impostor.shownClaims()).isEmpty();
      assertThat(impostor.requests()).isEmpty();
    }
  }

  @Test
  void enroll_certificateThatTheServerDoesNotKnow_getsNothing() {
    TestPki.Credential unknown = TestPki.root("CN=Nobody").issue("CN=x").build();
    EstClient stranger = client(est.uri(), new Credential(unknown.key(), unknown.chain()));

    // Whether the server's alert or its hanging up is seen first is a matter of luck in TLS 1.3.
    assertThat(catchThrowable(() -> stranger.enroll(keys)))
        .isInstanceOfAny(EnrollmentRefusedException.class, EnrollmentUnavailableException.class);
    assertThat(est.requests()).isEmpty();
  }

  @Test
  void enroll_nobodyListens_isUnavailable() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    assertThatThrownBy(() -> client(URI.create("https://localhost:" + port)).enroll(keys))
        .isInstanceOf(EnrollmentUnavailableException.class)
        .hasMessageContaining("cannot be reached");
  }

  @ParameterizedTest
  @CsvSource({
    "5,PT5S",
    "999999999,PT1H",
    "-1,PT0S",
    "soon,PT0S",
    "'Sun, 01 Mar 2026 12:00:30 GMT',PT30S",
    "'Sun, 01 Mar 2026 11:00:00 GMT',PT0S"
  })
  void retryAfter_anyForm_isReadWithinLimits(String value, Duration expected) {
    Instant now = Instant.parse("2026-03-01T12:00:00Z");

    assertThat(EstAnswers.retryAfter(value, now, Duration.ofHours(1))).isEqualTo(expected);
  }
}
