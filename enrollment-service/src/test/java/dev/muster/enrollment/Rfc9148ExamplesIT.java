/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.registrar.AdmissionConfig;
import dev.muster.enrollment.registrar.ServerKeygen;
import dev.muster.protocol.identity.FleetName;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.RawCoapClient.Answer;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Arrays;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example flows of RFC 9148 (appendices A and B, and Figure 4), sent as they are printed there:
 * options, tokens and requests. Figure 3 is in {@link HookIT}, where somebody can take a while.
 */
class Rfc9148ExamplesIT {
  private static final HexFormat HEX = HexFormat.of();
  private static final byte[] NOTHING = new byte[0];
  private static final int GET = 0x01;
  private static final int POST = 0x02;
  private static final int CONTINUE = 0x5f;
  private static final int CHANGED = 0x44;
  private static final int CONTENT = 0x45;
  private static final int BAD_REQUEST = 0x80;
  private static final int SERVICE_UNAVAILABLE = 0xa3;

  /** Uri-Host example.com, Uri-Port 9085, Uri-Path est and crts, Accept 281. */
  private static final String CRTS =
      "3b6578616d706c652e636f6d" + "42237d" + "43657374" + "0463727473" + "620119";

  /** Uri-Path est and sen, Content-Format 286, Accept 281. */
  private static final String SEN = "b3657374" + "0373656e" + "12011e" + "520119";

  /** With a challengePassword that links it to a channel. */
  private static final String CSR_OF_A_2 =
      "3082018b30820131020100305c310b3009060355040613025553310b3009"
          + "06035504080c024341310b300906035504070c024c413114301206035504"
          + "0a0c0b6578616d706c6520496e63310c300a060355040b0c03496f54310f"
          + "300d060355040513065774313233343059301306072a8648ce3d02010608"
          + "2a8648ce3d03010703420004c8b421f11c25e47e3ac57123bf2d9fdc494f"
          + "028bc351cc80c03f150bf50cff958d75419d81a6a245dffae790be95cf75"
          + "f602f9152618f816a2b23b5638e59fd9a073303406092a864886f70d0109"
          + "0731270c2576437630292a264a4b4a3bc3a2c280c2992f3e3c2e2c3d6b6e"
          + "7634332323403d204e787e60303b06092a864886f70d01090e312e302c30"
          + "2a0603551d1104233021a01f06082b06010505070804a013301106092b06"
          + "010401b43b0a01040401020304300a06082a8648ce3d0403020348003045"
          + "02210092563a546463bd9ecff170d0fd1f2ef0d3d012160e5ee90cffedab"
          + "ec9b9a38920220179f10a3436109051abad17590a09bc87c4dce5453a6fc"
          + "1135a1e84eed754377";

  private static final String CSR_OF_A_3 =
      "3081d03078020100301631143012060355040a0c0b736b67206578616d70"
          + "6c653059301306072a8648ce3d020106082a8648ce3d03010703420004c8"
          + "b421f11c25e47e3ac57123bf2d9fdc494f028bc351cc80c03f150bf50cff"
          + "958d75419d81a6a245dffae790be95cf75f602f9152618f816a2b23b5638"
          + "e59fd9a000300a06082a8648ce3d040302034800304502207c553981b1fe"
          + "349249d8a3f50a0346336b7dfaa099cf74e1ec7a37a0a760485902210084"
          + "79295398774b2ff8e7e82abb0c17eaef344a5088fa69fd63ee611850c34b"
          + "0a";

  @TempDir
  static Path folder;

  private static RunningService service;

  @BeforeAll
  static void start() {
    service = new RunningService(
        folder,
        config -> RunningService.with(
            RunningService.with(
                config,
                new AdmissionConfig(
                    new FleetName("default"), false, List.of(), false, ServerKeygen.PLAIN)),
            CoapsConfig.on("127.0.0.1", 0)));
    assertThat(service.addManufacturer("acme", service.factory, "auto").status())
        .isEqualTo(201);
  }

  @AfterAll
  static void stop() {
    service.close();
  }

  private static String text(Answer answer) {
    return new String(answer.payload(), StandardCharsets.UTF_8);
  }

  private static RawCoapClient device(String serial) throws Exception {
    return service.rawCoap(service.idevid(serial));
  }

  private static Collection<? extends Certificate> certificates(byte[] certsOnly) throws Exception {
    return CertificateFactory.getInstance("X.509")
        .generateCertificates(new ByteArrayInputStream(certsOnly));
  }

  @Test
  void a1_cacerts_isAnsweredWithTheSameHeader() throws Exception {
    try (RawCoapClient device = device("A-1")) {
      Answer answer = device.ask(GET, "9a", CRTS, NOTHING);
      assertThat(answer.code()).isEqualTo(CONTENT);
      assertThat(answer.token()).containsExactly(0x9a);
      assertThat(answer.options()).as("Content-Format 281").startsWith("c20119");
    }
  }

  /** Blocks of 64 octets: 2:0/0/64, 2:1/0/64, ... */
  @Test
  void b1_cacertsInBlocks_areAnsweredBlockByBlock() throws Exception {
    try (RawCoapClient device = device("B-1")) {
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      boolean more = true;
      for (int number = 0; more; number++) {
        Answer answer = device.ask(GET, "9a", CRTS + block2(number, 2), NOTHING);
        assertThat(answer.code()).as("block " + number).isEqualTo(CONTENT);
        whole.writeBytes(answer.payload());
        more = answer.payload().length == 64;
        if (more && number < 2) {
          // Ours is followed by Size2 in the first one.
          assertThat(answer.options()).startsWith("c20119" + (number == 0 ? "b10a" : "b11a"));
        }
      }
      assertThat(certificates(whole.toByteArray()))
          .hasSizeGreaterThan(1)
          .anyMatch(service.authorities.root()::equals);
    }
  }

  /** After Accept: a delta of 6. */
  private static String block2(int number, int size) {
    int value = number << 4 | size;
    return value > 0xff
        ? "62" + HEX.toHexDigits((short) value)
        : "61" + HEX.toHexDigits((byte) value);
  }

  /** It asks for the names of a device that is not the one that asks. */
  @Test
  void a2_enrollOfTheDeviceOfTheRfc_isRefusedAndToldWhy() throws Exception {
    try (RawCoapClient device = device("A-2")) {
      Answer answer = device.ask(POST, "45", SEN, HEX.parseHex(CSR_OF_A_2));
      assertThat(answer.code()).isEqualTo(BAD_REQUEST);
      assertThat(answer.token()).containsExactly(0x45);
      assertThat(text(answer)).startsWith("subject: ");
    }
  }

  @Test
  void a2_enroll_isAnsweredWithTheSameHeader() throws Exception {
    service.csr("a2", "/");
    try (RawCoapClient device = device("A-3")) {
      Answer answer = device.ask(POST, "45", SEN, service.read("a2.der"));
      assertThat(answer.code()).isEqualTo(CHANGED);
      assertThat(answer.token()).containsExactly(0x45);
      assertThat(answer.options()).as("Content-Format 281").isEqualTo("c20119");
      assertThat(certificates(answer.payload())).hasSize(1);
    }
  }

  /** Figure 6: the size of Block2 is asked for in the first message already. */
  @Test
  void b2_enrollInBlocksBothWays_isAsInTheFigure() throws Exception {
    byte[] csr = service.csrOfTwoBlocks("b2", "/CN=acme-b-2");
    try (RawCoapClient device = device("B-2")) {
      Answer first = enrollInTwoBlocks(device, csr);
      assertThat(first.code()).isEqualTo(CHANGED);
      assertThat(first.options()).as("2:0/1/256, 1:1/0/256").startsWith("c20119" + "b10c" + "4114");
      assertThat(first.payload()).hasSize(256);
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      whole.writeBytes(first.payload());
      for (int number = 1; whole.size() % 256 == 0; number++) {
        Answer rest = device.ask(POST, "45", SEN + block2(number, 4), NOTHING);
        assertThat(rest.code()).as("block " + number).isEqualTo(CHANGED);
        whole.writeBytes(rest.payload());
      }
      assertThat(certificates(whole.toByteArray())).hasSize(1);
    }
  }

  private static Answer enrollInTwoBlocks(RawCoapClient device, byte[] csr) {
    Answer next = device.ask(
        POST, "45", SEN + "6104" + "410c", Arrays.copyOf(csr, 256)); // 2:0/0/256, 1:0/1/256
    assertThat(next.code()).isEqualTo(CONTINUE);
    assertThat(next.options()).as("1:0/1/256").endsWith("0c");
    return device.ask(
        POST, "45", SEN + "6104" + "4114", Arrays.copyOfRange(csr, 256, csr.length)); // 1:1/0/256
  }

  /** An operator decides meanwhile; after Max-Age, the client sends the same blocks again. */
  @Test
  void figure4_enrollWithALongWait_is503WithMaxAge_andServedWhenItComesAgain() throws Exception {
    TestPki.Credential maker = TestPki.root("O=Slow,CN=Slow CA");
    service.addManufacturer("slow", maker, "manual");
    byte[] csr = service.csrOfTwoBlocks("f3", "/CN=slow-f-3");
    try (RawCoapClient device = service.rawCoap(maker.issue("SERIALNUMBER=F-3").build())) {
      Answer wait = enrollInTwoBlocks(device, csr);
      assertThat(wait.code()).isEqualTo(SERVICE_UNAVAILABLE);
      assertThat(wait.options()).as("Max-Age, 1:1/0/256").matches("d(101..|201....)d10014");
      assertThat(service.post("/devices/slow-f-3/approve", new JsonObject()).status())
          .isEqualTo(200);
      Answer served = enrollInTwoBlocks(device, csr);
      assertThat(served.code()).isEqualTo(CHANGED);
      assertThat(served.options()).as("2:0/1/256, 1:1/0/256").startsWith("c20119b10c4114");
    }
  }

  /** The name in the request is that of nobody here; a request without one is what we take. */
  @Test
  void a3_serverkeygen_isAKeyAndItsCertificate_inTheSameForm() throws Exception {
    String skg = "b3657374" + "03736b67" + "12011e" + "513e"; // Accept 62
    try (RawCoapClient device = device("A-4")) {
      Answer refused = device.ask(POST, "a5", skg, HEX.parseHex(CSR_OF_A_3));
      assertThat(refused.code()).isEqualTo(BAD_REQUEST);
      assertThat(text(refused)).startsWith("O: \"skg example\"");
      service.csr("a3", "/");
      Answer answer = device.ask(POST, "a5", skg, service.read("a3.der"));
      assertThat(answer.code()).isEqualTo(CHANGED);
      assertThat(answer.token()).containsExactly(0xa5);
      assertThat(answer.options()).as("Content-Format 62").startsWith("c13e");
      String body = HEX.formatHex(answer.payload());
      assertThat(body).as("array(4), unsigned(284), bytes").startsWith("8419011c58");
      int key = answer.payload()[5] & 0xff;
      assertThat(body.substring(2 * (6 + key))).as("unsigned(281), bytes").startsWith("19011959");
    }
  }

  @Test
  void a4_csrattrs_areAnsweredInTheirFormat() throws Exception {
    String att = "3b6578616d706c652e636f6d" + "42f0b0" + "43657374" + "03617474";
    try (RawCoapClient device = device("A-5")) {
      Answer answer = device.ask(GET, "9a", att, NOTHING);
      assertThat(answer.code()).isEqualTo(CONTENT);
      assertThat(answer.options()).as("Content-Format 285").isEqualTo("c2011d");
      assertThat(answer.payload()).startsWith(0x30);
    }
  }
}
