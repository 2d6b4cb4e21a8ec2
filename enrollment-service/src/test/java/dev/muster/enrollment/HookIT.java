/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.muster.coap.CoapsConfig;
import dev.muster.enrollment.hook.HookConfig;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.MessageObserverAdapter;
import org.eclipse.californium.core.coap.Request;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Devices enroll with curl while an HTTP server of the JDK has its say. */
class HookIT {
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
      await(leave);
      asked = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
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
    assertThat(service.enroll("simplereenroll", "rf1", "rf2").status()).isEqualTo(200);
  }

  @Test
  void hookThatDefers_isAskedAgain() {
    service.idevid("DF1");
    service.csr("df1", "/");
    says(200, "{\"decision\":\"defer\",\"reason\":\"not paid\"}");
    assertThat(service.enroll("simpleenroll", "DF1", "df1").status()).isEqualTo(202);
    assertThat(service.get("/devices/acme-df1").body().encode()).contains("not paid");
    says(200, "{\"decision\":\"allow\"}");
    assertThat(service.enroll("simpleenroll", "DF1", "df1").status()).isEqualTo(200);
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

  @Test
  void hookThatTakesLong_isBridgedByAnAcknowledgement_overCoap() {
    says(200, "{\"decision\":\"allow\"}");
    leave = new CountDownLatch(1);
    service.csr("slow", "/");
    Request request = CoapDevice.enrollment(service.read("slow.der"));
    request.addMessageObserver(new MessageObserverAdapter() {
      @Override
      public void onAcknowledgement() {
        leave.countDown();
      }
    });
    try (CoapDevice device = new CoapDevice(service, service.idevid("SLOW1"))) {
      assertThat(device.send(request, "/est/sen").getCode()).isEqualTo(ResponseCode.CHANGED);
    }
    assertThat(leave.getCount()).isZero();
  }
}
