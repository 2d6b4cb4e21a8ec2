/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.CoapsClient;
import dev.muster.testing.TestPki;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Option;
import org.eclipse.californium.core.coap.Request;
import org.eclipse.californium.core.coap.Response;
import org.eclipse.californium.core.coap.option.OpaqueOptionDefinition;
import org.eclipse.californium.core.config.CoapConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one stranger can take up, and how the server ends. */
class CoapsServerTest {
  private static final TestPki.Credential ROOT = TestPki.root("CN=Root");
  private static final TestPki.Credential SERVER =
      ROOT.issue("CN=localhost").server().build();
  private static final TestPki.Credential CLIENT = ROOT.issue("CN=client").build();
  private static final int SESSIONS = 4;

  private final BlockingQueue<CoapsExchange> held = new ArrayBlockingQueue<>(10);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final List<CoapsClient> clients = new ArrayList<>();
  private CoapsServer server;

  /** POST /slow waits for the test; POST /large takes blocks. */
  private final class Paths implements CoapsService {
    @Override
    public boolean takesBlocks(Request request) {
      return request.getOptions().getUriPathString().equals("large");
    }

    @Override
    public void serve(CoapsExchange exchange) {
      switch (exchange.request().getOptions().getUriPathString()) {
        case "slow" -> held.add(exchange);
        case "large", "" ->
          exchange.answer(
              Diagnostics.of(ResponseCode.CHANGED, "" + exchange.request().getPayloadSize()));
        default -> exchange.answer(Diagnostics.of(ResponseCode.NOT_FOUND, "path: not found"));
      }
    }
  }

  @BeforeEach
  void start() throws IOException {
    server = new CoapsServer(
        new CoapsConfig("127.0.0.1", 0, SESSIONS, 4),
        new CoapsServer.Offer("test", 4096, new Paths()),
        SERVER.key(),
        SERVER.chain(),
        meters);
  }

  @AfterEach
  void stop() {
    clients.forEach(CoapsClient::close);
    server.close();
  }

  private CoapsClient client(String from) {
    CoapsClient client =
        new CoapsClient(from, server.port(), ROOT.certificate(), CLIENT, settings -> settings);
    clients.add(client);
    return client;
  }

  private CoapsClient blockByBlock() {
    CoapsClient client = new CoapsClient(
        "127.0.0.1",
        server.port(),
        ROOT.certificate(),
        CLIENT,
        settings -> settings.set(CoapConfig.MAX_RESOURCE_BODY_SIZE, 0));
    clients.add(client);
    return client;
  }

  private static Request post(String body) {
    Request request = Request.newPost();
    request.setPayload(body);
    return request;
  }

  @Test
  void sessions_ofOneAddress_areHalf_andOthersComeIn() {
    for (int i = 0; i < SESSIONS / 2; i++) {
      assertThat(client("127.0.0.1").send(post("a"), "/").getCode())
          .isEqualTo(ResponseCode.CHANGED);
    }
    assertThatThrownBy(() -> client("127.0.0.1").send(post("a"), "/"))
        .hasMessageContaining("INTERNAL_ERROR");
    assertThat(meters.get("test.handshakes.refused").counter().count()).isPositive();
    assertThat(client("127.0.0.2").send(post("a"), "/").getCode()).isEqualTo(ResponseCode.CHANGED);
    clients.get(0).close();
    clients.get(1).close();
  }

  @Test
  void firstBlock_ofAPathThatIsNotServed_isRefusedAtOnce() {
    CoapsClient client = blockByBlock();
    Request block = post("0123456789abcdef");
    block.getOptions().setBlock1(0, true, 0);
    assertThat(client.send(block, "/nothing").getCode()).isEqualTo(ResponseCode.NOT_FOUND);
    Request served = post("0123456789abcdef");
    served.getOptions().setBlock1(0, true, 0).setUriHost("somebody.example");
    assertThat(client.send(served, "/large").getCode()).isEqualTo(ResponseCode.CONTINUE);
    Request last = post("0123");
    last.getOptions().setBlock1(0, false, 1).setUriHost("somebody.else.example");
    assertThat(client.send(last, "/large").getPayloadString()).isEqualTo("20");
  }

  @Test
  void laterBlockOfAnAnswer_thatIsKeptNoMore_is408_andNothingIsDoneAgain() {
    Request request = post("a");
    request.getOptions().setBlock2(2, false, 3);
    Response response = blockByBlock().send(request, "/slow");
    assertThat(response.getCode()).isEqualTo(ResponseCode.REQUEST_ENTITY_INCOMPLETE);
    assertThat(held).isEmpty();
  }

  @Test
  void criticalOptions_thatCaliforniumKnowsAndWeDoNot_areBadOptions() {
    CoapsClient client = client("127.0.0.1");
    for (int number : List.of(1, 9, 19, 31)) {
      Request request = post("a");
      request
          .getOptions()
          .addOption(new Option(new OpaqueOptionDefinition(number, "Option"), new byte[] {1}));
      Response response = client.send(request, "/");
      assertThat(response.getCode()).as("option " + number).isEqualTo(ResponseCode.BAD_OPTION);
      assertThat(response.getPayloadString()).contains("option: " + number);
    }
  }

  @Test
  void close_withAnAnswerUnderWay_sendsIt() throws Exception {
    CoapsClient client = client("127.0.0.1");
    CompletableFuture<Response> answer =
        CompletableFuture.supplyAsync(() -> client.send(post("a"), "/slow"));
    CoapsExchange exchange = held.poll(20, TimeUnit.SECONDS);
    CompletableFuture<Void> closed = CompletableFuture.runAsync(server::close);
    exchange.answer(Diagnostics.of(ResponseCode.CHANGED, "done"));
    closed.get(20, TimeUnit.SECONDS);
    assertThat(answer.get(20, TimeUnit.SECONDS).getPayloadString()).isEqualTo("done");
  }
}
