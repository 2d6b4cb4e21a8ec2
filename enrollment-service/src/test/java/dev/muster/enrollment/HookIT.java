/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.hook.HookConfig;
import dev.muster.testing.RawCoapClient;
import dev.muster.testing.TestPki;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices enroll with curl while an HTTP server of the JDK has its say. */
class HookIT {
  private static final HexFormat HEX = HexFormat.of();
  /** As a code of CoAP. */
  private static final int CHANGED = 0x44;

  @TempDir
  static Path folder;

  private static HttpServer hook;
  private static RunningService service;
  private static volatile int status = 200;
  private static volatile String answer = "";
  private static volatile String asked = "";
  /** What the hook waits for. */
  private static volatile CountDownLatch leave = new CountDownLatch(0);

  @BeforeAll
  static void start() throws IOException {
    hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    hook.createContext("/", exchange -> {
      asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      await(leave);
      byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    });
    hook.start();
    URI url = URI.create("http://localhost:" + hook.getAddress().getPort() + "/");
    HookConfig asked = new HookConfig(url, null, null, Duration.ofSeconds(20), 2, false);
    service = new RunningService(
        folder,
        config -> new EnrollmentConfig(
            config.storage(),
            config.est(),
            config.admission(),
            config.issuance(),
            config.revocation(),
            config.rollOver(),
            asked,
            CoapsConfig.on("127.0.0.1", 0)));
    service.addManufacturer("acme", service.factory, "auto");
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterAll
  static void stop() {
    service.close();
    hook.stop(0);
  }

  private static void says(int code, String text) {
    status = code;
    answer = text;
  }

  /** Known as a label from then on, also where nobody else has named it (RFC 7030, 3.2.2). */
  @Test
  void fleetThatTheHookNames_isALabel() {
    service.idevid("CH9");
    says(200, "{\"decision\":\"allow\",\"fleet\":\"by-hook\"}");
    service.enrolled("CH9", "ch9");
    service.csr("ch9b", "/");
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> service.enroll("by-hook/simplereenroll", "ch9", "ch9b").status() == 200);
  }

  @Test
  void hookThatChooses_namesTheDevice_onceAndForAll() {
    service.idevid("CH1");
    says(200, "{\"decision\":\"allow\",\"fleet\":\"north\",\"device\":\"pump-7\"}");
    assertThat(service.enrolled("CH1", "ch1").getSubjectX500Principal().getName())
        .contains("CN=pump-7")
        .contains("O=north");
    assertThat(new JsonObject(asked).getString("device")).isEqualTo("acme-ch1");
    // The same name for another device is a collision.
    service.idevid("CH2");
    service.csr("ch2", "/");
    assertThat(service.enroll("simpleenroll", "CH2", "ch2").status()).isEqualTo(403);
    // A known device keeps its name, whatever the hook says later.
    says(200, "{\"decision\":\"allow\",\"fleet\":\"south\",\"device\":\"other\"}");
    service.post("/devices/pump-7/release", new JsonObject());
    assertThat(service.enrolled("CH1", "ch3").getSubjectX500Principal().getName())
        .contains("CN=pump-7");
    assertThat(new JsonObject(asked).getBoolean("known")).isTrue();
  }

  @Test
  void hookThatRefuses_isHeard_andRenewalsDoNotAskIt() {
    service.idevid("RF1");
    says(200, "{\"decision\":\"allow\"}");
    service.enrolled("RF1", "rf1");
    says(200, "{\"decision\":\"refuse\",\"reason\":\"stolen\"}");
    service.csr("rf2", "/");
    RunningService.Http refused = service.enroll("simpleenroll", "RF1", "rf2");
    RunningService.refused(refused, 403, "stolen");
    service.csr("rf3", "/");
    Response overCoap = overCoap(idevid("RF3"), "rf3");
    assertThat(overCoap.getCode()).isEqualTo(ResponseCode.FORBIDDEN);
    assertThat(overCoap.getPayloadString()).contains("stolen");
    assertThat(service.enroll("simplereenroll", "rf1", "rf2").status()).isEqualTo(200);
  }

  @Test
  void hookThatDefers_isAskedAgain() {
    service.idevid("DF1");
    service.csr("df1", "/");
    says(200, "{\"decision\":\"defer\",\"reason\":\"not paid\"}");
    assertThat(service.enroll("simpleenroll", "DF1", "df1").status()).isEqualTo(202);
    assertThat(service.get("/devices/acme-df1").body().encode()).contains("not paid");
    service.csr("df2", "/");
    TestPki.Credential idevid = idevid("DF2");
    Response overCoap = overCoap(idevid, "df2");
    assertThat(overCoap.getCode()).isEqualTo(ResponseCode.SERVICE_UNAVAILABLE);
    assertThat(overCoap.getOptions().getMaxAge()).isPositive();
    says(200, "{\"decision\":\"allow\",\"fleet\":\"north\"}");
    assertThat(service
            .unpack(service.enroll("simpleenroll", "DF1", "df1"), "df1")
            .getSubjectX500Principal()
            .getName())
        .contains("CN=acme-df1", "O=north");
    assertThat(service.get("/devices/acme-df1").body().getString("fleet")).isEqualTo("north");
    says(200, "{\"decision\":\"allow\"}");
    assertThat(overCoap(idevid, "df2").getCode()).isEqualTo(ResponseCode.CHANGED);
  }

  @Test
  void manufacturerThatIsDisabledWhileTheHookIsAsked_letsNobodyIn() throws Exception {
    TestPki.Credential maker = TestPki.root("O=Late,CN=Late CA");
    service.addManufacturer("late", maker, "auto");
    TestPki.write(folder, "L-1", maker.issue("SERIALNUMBER=L-1").build());
    service.csr("late1", "/");
    says(200, "{\"decision\":\"allow\"}");
    CountDownLatch thinking = new CountDownLatch(1);
    leave = thinking;
    try {
      CompletableFuture<RunningService.Http> asking =
          CompletableFuture.supplyAsync(() -> service.enroll("simpleenroll", "L-1", "late1"));
      Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> asked.contains("\"L-1\""));
      assertThat(service.post("/manufacturers/late/disable", new JsonObject()).status())
          .isEqualTo(200);
      thinking.countDown();
      RunningService.refused(asking.get(30, TimeUnit.SECONDS), 503, "manufacturer: changed");
    } finally {
      thinking.countDown();
    }
    RunningService.refused(service.enroll("simpleenroll", "L-1", "late1"), 403, "disabled");
    assertThat(service.get("/devices/late-l-1").status()).isEqualTo(404);
  }

  private static TestPki.Credential idevid(String serial) {
    return service.factory.issue("CN=Widget,SERIALNUMBER=" + serial).build();
  }

  private static Response overCoap(TestPki.Credential idevid, String csr) {
    try (CoapDevice device = new CoapDevice(service, idevid)) {
      return device.post("/est/sen", service.read(csr + ".der"));
    }
  }

  @Test
  void hookThatFails_letsNobodyIn() {
    service.idevid("NO1");
    service.csr("no1", "/");
    for (String broken : new String[] {"", "{}", "{\"decision\":\"allow\",\"device\":\"A/B\"}"}) {
      says(200, broken);
      RunningService.Http answered = service.enroll("simpleenroll", "NO1", "no1");
      RunningService.refused(answered, 503, "hook");
      assertThat(answered.header("Retry-After")).isPresent();
    }
    says(500, "{\"decision\":\"allow\"}");
    assertThat(service.enroll("simpleenroll", "NO1", "no1").status()).isEqualTo(503);
    says(200, "{\"decision\":\"allow\"}");
    assertThat(service.enroll("simpleenroll", "NO1", "no1").status()).isEqualTo(200);
  }

  /**
   * RFC 9148, Figure 3: blocks of 256 octets both ways; what is not known yet is promised by an
   * empty acknowledgement, and told by a message of its own, which is acknowledged.
   */
  @Test
  void figure3_enrollWithAShortWait_isAcknowledgedAhead_andServedInBlocks() throws Exception {
    says(200, "{\"decision\":\"allow\"}");
    leave = new CountDownLatch(1);
    byte[] csr = service.csrOfTwoBlocks("f3", "/CN=acme-f-3");
    // Uri-Path est and sen, Content-Format 286.
    String path = "b3657374" + "0373656e" + "12011e";
    String sen = path + "b104"; // 2:0/0/256, as in Figure 6: or else we would send blocks of 512.
    try (RawCoapClient device = service.rawCoap(service.idevid("F-3"))) {
      byte[] begun = device.exchange(2, "45", sen + "410c", Arrays.copyOf(csr, 256));
      assertThat(begun).as("ACK, 2.31").startsWith(0x61, 0x5f);
      assertThat(begun).as("1:0/1/256").endsWith(0xd1, 0x0e, 0x0c);
      byte[] promised =
          device.exchange(2, "45", sen + "4114", Arrays.copyOfRange(csr, 256, csr.length));
      assertThat(promised).as("ACK, 0.00").startsWith(0x60, 0).hasSize(4);
      leave.countDown();

      RawCoapClient.Answer first = device.confirmed();
      assertThat(first.code()).as("2.04").isEqualTo(CHANGED);
      assertThat(first.options()).as("281, 2:0/1/256, 1:1/0/256").startsWith("c20119b10c4114");
      ByteArrayOutputStream whole = new ByteArrayOutputStream();
      whole.writeBytes(first.payload());
      assertThat(whole.size()).isEqualTo(256);
      for (int number = 1; whole.size() % 256 == 0; number++) {
        String block = "b1" + HEX.toHexDigits((byte) (number << 4 | 4)); // 2:number/0/256
        RawCoapClient.Answer next = device.ask(2, "45", path + block, new byte[0]);
        assertThat(next.code()).as("block " + number).isEqualTo(CHANGED);
        whole.writeBytes(next.payload());
      }
      assertThat(CertificateFactory.getInstance("X.509")
              .generateCertificates(new ByteArrayInputStream(whole.toByteArray())))
          .hasSize(1);
    }
  }
}
