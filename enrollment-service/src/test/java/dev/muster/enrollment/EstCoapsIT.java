/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.authority.ServiceCredential;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.CoapsClient;
import dev.muster.testing.CoapsContract;
import dev.muster.testing.DatagramProxy;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.elements.auth.X509CertPath;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** EST over CoAP: the same registrar, and what becomes of those who do not play by the rules. */
class EstCoapsIT extends CoapsContract {
  @TempDir
  static Path folder;

  private static RunningService service;
  /** Below the manufacturer's root. */
  private static TestPki.Credential line;

  @BeforeAll
  static void start() {
    service = new RunningService(
        folder,
        config -> RunningService.with(
            RunningService.with(
                config,
                new AdmissionConfig(
                    new FleetName("default"), false, List.of(), false, ServerKeygen.PLAIN)),
            new CoapsConfig("127.0.0.1", 0, new CoapsConfig.Limits(1_000, HANDSHAKES, 200, 50))));
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
    line = service.factory.issue("O=Acme,CN=Acme Line 1").ca().build();
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  @Override
  protected int port() {
    return service.coapsPort();
  }

  @Override
  protected X509Certificate root() {
    return service.authorities.root();
  }

  @Override
  protected MeterRegistry meters() {
    return service.meters;
  }

  @Override
  protected String name() {
    return "muster.estcoaps";
  }

  @Override
  protected TestPki.Credential device(String id) {
    return line.issue("CN=Widget,SERIALNUMBER=" + id).build();
  }

  @Override
  protected Post post(String id) {
    return new Post("/est/sen", 286, csr(id));
  }

  @Override
  protected void assertServed(CoapsClient known) {
    Response wishes = known.get("/est/att");
    assertThat(wishes.getCode()).as(wishes.toString()).isEqualTo(ResponseCode.CONTENT);
  }

  private static byte[] csr(String name) {
    service.csr(name, "/");
    return service.read(name + ".der");
  }

  private static X509Certificate certificate(byte[] der) throws Exception {
    return (X509Certificate)
        CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
  }

  private static Collection<X509Certificate> certificates(byte[] certsOnly) throws Exception {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(certsOnly))
        .stream()
        .map(X509Certificate.class::cast)
        .toList();
  }

  /** The device's LDevID, and the key whose request was {@code name}. */
  private static TestPki.Credential ldevid(String name, byte[] certificate) throws Exception {
    return new TestPki.Credential(service.privateKey(name), certificate(certificate), List.of());
  }

  private static Request accepting(int format, Request request) {
    request.getOptions().setAccept(format);
    return request;
  }

  /** Enrolls under a format of one certificate. */
  private static TestPki.Credential enrolled(String serial) throws Exception {
    try (CoapDevice device = new CoapDevice(service, service.idevid(serial))) {
      Response issued =
          device.send(accepting(287, CoapDevice.enrollment(csr(serial + "-op"))), "/est/sen");
      assertThat(issued.getCode()).as(issued.toString()).isEqualTo(ResponseCode.CHANGED);
      return ldevid(serial + "-op", issued.getPayload());
    }
  }

  @Test
  void estCoaps_enrollmentAndRenewal_leaveTheSameTracesAsOverHttps() throws Exception {
    service.idevid("H-1");
    service.enrolled("H-1", "h1");
    service.csr("h1-next", "/");
    assertThat(service.enroll("simplereenroll", "h1", "h1-next").status()).isEqualTo(200);

    TestPki.Credential ldevid = enrolled("C-1");
    try (CoapDevice device = new CoapDevice(service, ldevid)) {
      Response renewed = device.post("/est/sren", csr("c1-next"));
      assertThat(renewed.getCode()).isEqualTo(ResponseCode.CHANGED);
      assertThat(renewed.getOptions().getContentFormat()).isEqualTo(281);
      assertThat(certificates(renewed.getPayload()))
          .singleElement()
          .extracting(X509Certificate::getSubjectX500Principal)
          .isEqualTo(ldevid.certificate().getSubjectX500Principal());
    }

    assertThat(service.trace("acme-c-1"))
        .isEqualTo(service.trace("acme-h-1"))
        .containsExactly("certificate.issued by idevid", "certificate.issued by device");
    assertThat(service.get("/devices/acme-c-1").body().fieldNames())
        .isEqualTo(service.get("/devices/acme-h-1").body().fieldNames());
  }

  @Test
  void estCoaps_crtsAndAtt_areForThoseWeKnow() throws Exception {
    try (CoapDevice device = new CoapDevice(service, service.idevid("C-2"))) {
      Response all = device.get("/.well-known/est/crts");
      assertThat(all.getCode()).isEqualTo(ResponseCode.CONTENT);
      assertThat(certificates(all.getPayload()))
          .hasSizeGreaterThan(1)
          .contains(service.authorities.root());
      Response root = device.send(accepting(287, Request.newGet()), "/est/default/crts");
      assertThat(certificate(root.getPayload())).isEqualTo(service.authorities.root());
      Response wishes = device.get("/est/att");
      assertThat(wishes.getOptions().getContentFormat()).isEqualTo(285);
      assertThat(wishes.getPayload()[0]).isEqualTo((byte) 0x30);
      Response links = device.get("/.well-known/core?rt=ace.est*");
      assertThat(links.getOptions().getContentFormat()).isEqualTo(40);
      assertThat(links.getPayloadString()).contains("</est/crts>").contains("</est/skc>");
    }
  }

  @Test
  void estCoaps_skgAndSkc_giveAKeyAndItsCertificate() throws Exception {
    try (CoapDevice device = new CoapDevice(service, service.idevid("C-3"))) {
      Response made = device.post("/est/skc", csr("c3"));
      assertThat(made.getCode()).as(made.toString()).isEqualTo(ResponseCode.CHANGED);
      assertThat(made.getOptions().getContentFormat()).isEqualTo(62);
      assertThat(made.getPayload()).startsWith(0x84, 0x19, 0x01, 0x1c);
      assertThat(made.getPayload()).containsSequence(0x19, 0x01, 0x1f, 0x59);
    }
    try (CoapDevice device = new CoapDevice(service, service.idevid("C-4"))) {
      assertThat(device.post("/est/skg", csr("c4")).getPayload())
          .startsWith(0x84, 0x19, 0x01, 0x1c)
          .containsSequence(0x19, 0x01, 0x19, 0x59);
    }
  }

  @Test
  void estCoaps_sen_waitingForApproval_is503WithMaxAge_thenIssued() throws Exception {
    TestPki.Credential maker = TestPki.root("O=Slow,CN=Slow Root");
    service.addManufacturer("slow", maker, "manual");
    TestPki.Credential idevid = maker.issue("CN=Widget,SERIALNUMBER=W-1").build();
    byte[] request = csr("w1");
    try (CoapDevice device = new CoapDevice(service, idevid)) {
      Response waits = device.post("/est/sen", request);
      assertThat(waits.getCode()).isEqualTo(ResponseCode.SERVICE_UNAVAILABLE);
      assertThat(waits.getOptions().getMaxAge()).isBetween(1L, 3600L);
      assertThat(service.post("/devices/slow-w-1/approve", new JsonObject()).status())
          .isEqualTo(200);
      assertThat(device.post("/est/sen", request).getCode()).isEqualTo(ResponseCode.CHANGED);
    }
  }

  @Test
  void estCoaps_withoutCertificate_noHandshake() {
    try (CoapDevice nobody = new CoapDevice(service, null)) {
      assertThatThrownBy(() -> nobody.get("/est/crts"))
          .hasMessageContaining("no answer")
          .hasMessageContaining("BAD_CERTIFICATE");
    }
  }

  @Test
  void estCoaps_foreignCertificate_is401Everywhere_andOnTheRecord() throws Exception {
    TestPki.Credential foreign =
        TestPki.root("CN=Elsewhere").issue("CN=Widget,SERIALNUMBER=F-1").build();
    try (CoapDevice stranger = new CoapDevice(service, foreign)) {
      for (Response refused : List.of(
          stranger.get("/est/crts"),
          stranger.get("/est/att"),
          stranger.post("/est/sen", csr("f1")),
          stranger.post("/est/sren", csr("f2")))) {
        assertThat(refused.getCode()).isEqualTo(ResponseCode.UNAUTHORIZED);
        assertThat(refused.getPayloadString()).startsWith("client certificate: ");
      }
    }
    assertThat(service.get("/audit?limit=1000").body().encode()).contains("F-1");
  }

  @Test
  void estCoaps_revokedWhileItsSessionIsOpenOrResumed_isRefusedFromThenOn() throws Exception {
    TestPki.Credential ldevid = enrolled("C-5");
    try (CoapDevice device = new CoapDevice(service, ldevid)) {
      assertThat(device.get("/est/crts").getCode()).isEqualTo(ResponseCode.CONTENT);
      String session = device.session();
      device.resume();
      assertThat(device.get("/est/crts").getCode()).isEqualTo(ResponseCode.CONTENT);
      assertThat(device.session()).isEqualTo(session);
      String serial = RunningService.serialOf(ldevid.certificate());
      JsonObject reason = new JsonObject().put("reason", "keyCompromise");
      assertThat(service.post("/certificates/" + serial + "/revoke", reason).status())
          .isEqualTo(200);
      assertThat(device.get("/est/crts").getCode()).isEqualTo(ResponseCode.FORBIDDEN);
      device.resume();
      assertThat(device.post("/est/sren", csr("c5-next")).getCode())
          .isEqualTo(ResponseCode.FORBIDDEN);
    }
  }

  @Test
  void estCoaps_expiredCertificateOfTheFactory_is401_asOverHttps() {
    TestPki.Credential expired = service
        .factory
        .issue("CN=Widget,SERIALNUMBER=X-1")
        .validity(Instant.now().minusSeconds(7200), Instant.now().minusSeconds(3600))
        .build();
    try (CoapDevice device = new CoapDevice(service, expired)) {
      assertThat(device.post("/est/sen", csr("x1")).getCode()).isEqualTo(ResponseCode.UNAUTHORIZED);
    }
  }

  @Test
  void estCoaps_malformedRequests_areToldWhatIsWrong() {
    byte[] request = csr("bad");
    try (CoapDevice device = new CoapDevice(service, service.idevid("C-6"))) {
      Request untyped = Request.newPost();
      untyped.setPayload(request);
      expect(ResponseCode.UNSUPPORTED_CONTENT_FORMAT, device.send(untyped, "/est/sen"));
      Request json = CoapDevice.enrollment(request);
      json.getOptions().setContentFormat(50);
      expect(ResponseCode.UNSUPPORTED_CONTENT_FORMAT, device.send(json, "/est/sen"));
      expect(
          ResponseCode.NOT_ACCEPTABLE,
          device.send(accepting(50, CoapDevice.enrollment(request)), "/est/sen"));
      expect(
          ResponseCode.NOT_ACCEPTABLE, device.send(accepting(281, Request.newGet()), "/est/att"));
      expect(ResponseCode.METHOD_NOT_ALLOWED, device.get("/est/sen"));
      expect(ResponseCode.METHOD_NOT_ALLOWED, device.send(Request.newPut(), "/est/sen"));
      expect(ResponseCode.NOT_FOUND, device.get("/est/nothing/crts"));
      expect(ResponseCode.NOT_FOUND, device.get("/"));
      expect(ResponseCode.NOT_FOUND, device.post("/est/simpleenroll", request));
      expect(ResponseCode.BAD_OPTION, device.post("/est/sen?a=b", request));
      expect(ResponseCode.BAD_REQUEST, device.post("/est/sen", new byte[0]));
      expect(
          ResponseCode.BAD_REQUEST,
          device.post("/est/sen", Arrays.copyOf(request, request.length / 2)));
      expect(ResponseCode.REQUEST_ENTITY_TOO_LARGE, device.post("/est/sen", new byte[50_000]));
      assertThat(device.post("/est/sen", request).getCode()).isEqualTo(ResponseCode.CHANGED);
    }
  }

  /** RFC 7959, 2.3 and 2.4: what is ours is said in the first answer, and the client follows. */
  @Test
  void estCoaps_blocksOf1024_goOnInHalfOfThat_bothWays() throws Exception {
    // Uri-Path est and sen, Content-Format 286; est and crts.
    String sen = "b3657374" + "0373656e" + "12011e";
    String crts = "b3657374" + "0463727473";
    byte[] body = new byte[1_500];
    try (RawCoapClient device = service.rawCoap(service.idevid("C-24"))) {
      RawCoapClient.Answer begun =
          device.ask(2, "01", sen + "d1020e", Arrays.copyOf(body, 1_024)); // 1:0/1/1024
      assertThat(begun.code()).as("2.31").isEqualTo(0x5f);
      assertThat(begun.options()).as("1:0/1/512").isEqualTo("d10e0d");
      RawCoapClient.Answer whole =
          device.ask(2, "02", sen + "d10225", Arrays.copyOfRange(body, 1_024, 1_500)); // 1:2/0/512
      assertThat(whole.code()).as("4.00: it is read, and is no request").isEqualTo(0x80);

      RawCoapClient.Answer first = device.ask(1, "03", crts + "c106", new byte[0]); // 2:0/0/1024
      assertThat(first.options()).as("281, 2:0/1/512").startsWith("c20119" + "b10d");
      assertThat(first.payload()).hasSize(512);
      RawCoapClient.Answer next = device.ask(1, "04", crts + "c115", new byte[0]); // 2:1/0/512
      assertThat(next.code()).as("2.05").isEqualTo(0x45);
      assertThat(next.payload()).isNotEmpty().isNotEqualTo(first.payload());
    }
  }

  private static void expect(ResponseCode code, Response response) {
    assertThat(response.getCode()).as(response.toString()).isEqualTo(code);
    assertThat(response.getPayloadSize()).isLessThan(300);
  }

  /** The first is what the RFC demands (3); by OpenSSL, whose DTLS is not ours. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "ECDHE-ECDSA-AES128-CCM8",
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES128-CCM",
        "ECDHE-ECDSA-AES256-GCM-SHA384"
      })
  void estCoaps_clientThatOffersOneCipherAlone_enrolls(String cipher) throws Exception {
    service.idevid(cipher);
    String sen = "b3657374" + "0373656e" + "12011e" + "52011f"; // Accept 287
    try (RawCoapClient device = RawCoapClient.byOpenssl(
        folder, service.coapsPort(), cipher, RawCoapClient.offering(cipher))) {
      RawCoapClient.Answer issued = device.ask(2, "01", sen, csr(cipher + "-op"));
      assertThat(issued.code()).as("2.04").isEqualTo(0x44);
      assertThat(certificate(issued.payload()).getSubjectX500Principal().getName())
          .contains("CN=acme-" + cipher.toLowerCase(java.util.Locale.ROOT));
    }
  }

  @Test
  void estCoaps_overABadNetwork_eachOperationIsDoneOnce_inBlocks() throws Exception {
    long seed = new Random().nextLong();
    TestPki.Credential ldevid = enrolled("C-25");
    try (DatagramProxy network = DatagramProxy.to(service.coapsPort(), seed);
        CoapDevice sen = distant(network, service.idevid("C-13"));
        CoapDevice sren = distant(network, ldevid);
        CoapDevice skg = distant(network, service.idevid("C-26"));
        CoapDevice skc = distant(network, service.idevid("C-27"))) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      List<Request> asked = List.of(
          sen.begin(CoapDevice.enrollment(csr("c13")), "/est/sen"),
          sren.begin(CoapDevice.enrollment(csr("c25-next")), "/est/sren"),
          skg.begin(CoapDevice.enrollment(csr("c26")), "/est/skg"),
          skc.begin(CoapDevice.enrollment(csr("c27")), "/est/skc"));
      List<Response> answers = new ArrayList<>();
      for (Request request : asked) {
        Response response = request.waitForResponse(60_000);
        answers.add(response);
        String what = "seed " + seed + " " + network.counts() + " " + response;
        assertThat(response).as(what).isNotNull();
        assertThat(response.getCode()).as(what).isEqualTo(ResponseCode.CHANGED);
        assertThat(request.getPayloadSize()).as("in blocks of 128").isGreaterThan(128);
      }
      assertThat(certificates(answers.get(0).getPayload())).hasSize(1);
      assertThat(certificates(answers.get(1).getPayload())).hasSize(1);
      assertThat(network.counts().hasAllFaults()).as("seed " + seed).isTrue();
    }
    enrolled("C-14");
    for (String device : List.of("acme-c-13", "acme-c-26", "acme-c-27")) {
      assertThat(certificatesOf(device)).as(device).hasSize(1);
      assertThat(service.trace(device)).as(device).isEqualTo(service.trace("acme-c-14"));
      assertThat(service.get("/devices/" + device).body().getJsonArray("pending"))
          .isEmpty();
    }
    assertThat(certificatesOf("acme-c-25")).as("and the one before").hasSize(2);
  }

  private static CoapDevice distant(DatagramProxy network, TestPki.Credential identity) {
    return CoapDevice.inSmallBlocks(network.port(), service, identity);
  }

  /** By OpenSSL: its certificate comes in pieces, and some of them not at all, or late. */
  @Test
  void estCoaps_inFragments_overABadNetwork_enrollsOnce() throws Exception {
    long seed = new Random().nextLong();
    assertThat(service.idevid("C-22").certificate().getEncoded().length).isGreaterThan(300);
    byte[] csr = csr("c22");
    try (DatagramProxy network = DatagramProxy.to(service.coapsPort(), seed)) {
      network.faults(new DatagramProxy.Faults(0.2, 0.2, 0.2));
      try (RawCoapClient device =
          RawCoapClient.byOpenssl(folder, network.port(), "C-22", RawCoapClient.inFragments())) {
        RawCoapClient.Answer issued = inBlocks(device, csr);
        String what = "seed " + seed + " " + network.counts();
        assertThat(issued.code()).as(what).isEqualTo(0x44);
        // These are few datagrams: for what has not befallen one of them yet, there are more.
        for (int i = 0; !network.counts().hasAllFaults(); i++) {
          assertThat(i).as(what).isLessThan(100);
          String token = "f0" + HexFormat.of().toHexDigits((byte) i);
          RawCoapClient.Answer wishes =
              device.ask(1, token, "b3657374" + "03617474", new byte[0]); // Uri-Path est and att
          assertThat(wishes.code()).as(what).isEqualTo(0x45);
        }
        assertThat(network.counts().longestAsked()).as(what).isLessThanOrEqualTo(300);
      }
    }
    assertThat(certificatesOf("acme-c-22")).hasSize(1);
  }

  /** Blocks of 128 bytes of a request, and the first one of the answer. */
  private static RawCoapClient.Answer inBlocks(RawCoapClient device, byte[] csr) {
    String path = "b3657374" + "0373656e" + "12011e"; // Uri-Path est and sen, Content-Format 286
    RawCoapClient.Answer answer = device.ask(
        2, "01", path + "b103" + "410b", Arrays.copyOf(csr, 128)); // Block2 0/0/128, Block1 0/1/128
    assertThat(answer.code()).as("2.31").isEqualTo(0x5f);
    assertThat(csr.length).isBetween(129, 256);
    return device.ask(2, "02", path + "b103" + "4113", Arrays.copyOfRange(csr, 128, csr.length));
  }

  private static JsonArray certificatesOf(String device) {
    return service.get("/certificates?device=" + device).body().getJsonArray("certificates");
  }

  @Test
  void estCoaps_deviceWithAKeyOfP384_enrolls() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp384r1"));
    TestPki.Credential idevid = service
        .factory
        .issue("CN=Widget,SERIALNUMBER=C-15")
        .key(generator.generateKeyPair())
        .build();
    try (CoapDevice device = new CoapDevice(service, idevid)) {
      assertThat(device.post("/est/sen", csr("c15")).getCode()).isEqualTo(ResponseCode.CHANGED);
    }
  }

  @Test
  void estCoaps_serverCertificateReplaced_isShownFromTheNextHandshakeOn() {
    ServiceCredential next =
        service.authorities.issueServer(List.of("localhost", "127.0.0.1"), Clock.systemUTC());
    service.service().useServerCredential(next);
    try (CoapDevice device = new CoapDevice(service, service.idevid("C-16"))) {
      X509CertPath shown =
          (X509CertPath) device.get("/est/crts").getSourceContext().getPeerIdentity();
      assertThat(shown.getTarget()).isEqualTo(next.certificate());
    }
  }
}
