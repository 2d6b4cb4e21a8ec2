/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.muster.app.operator.NoAnswer;
import dev.muster.app.operator.OperatorClient;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.simulator.StoredMessage;
import dev.muster.simulator.StoredMessages;
import dev.muster.simulator.payload.ContentChecksum;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a backend has stored, as its operator API tells. */
final class BackendStore implements StoredMessages {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MICROSECONDS = 6;

  private final Function<String, JsonNode> api;
  private final Supplier<LongPredicate> patience;

  /**
   * @param api answers what is under a path
   * @param patience one for each page that is not answered ({@link NoAnswer}): whether to ask again
   *     for it. It may be one of thousands, after hours
   */
  BackendStore(Function<String, JsonNode> api, Supplier<LongPredicate> patience) {
    this.api = api;
    this.patience = patience;
  }

  /**
   * What was kept aside is stored too: it was acknowledged, and can be had. Asked of each device,
   * each time: a backend may read a message, and lay it aside, long after it was acknowledged.
   */
  @Override
  public List<StoredMessage> storedFor(DeviceId device) {
    String path = "devices/" + OperatorClient.segment(device.value());
    List<StoredMessage> stored = read(path + "/messages?limit=1000", "messages", false);
    stored.addAll(read(path + "/dead-letters?limit=1000&payload=true", "deadLetters", true));
    return stored;
  }

  private List<StoredMessage> read(String path, String name, boolean aside) {
    List<StoredMessage> found = new ArrayList<>();
    String page = path;
    while (page != null) {
      JsonNode answer = ask(page);
      for (JsonNode message : answer.path(name)) {
        if (message.hasNonNull("boot")) {
          found.add(toMessage(message, aside));
        }
      }
      page = answer.hasNonNull("next")
          ? path + "&after=" + OperatorClient.segment(answer.path("next").asText())
          : null;
    }
    return found;
  }

  private JsonNode ask(String page) {
    LongPredicate again = patience.get();
    while (true) {
      try {
        return api.apply(page);
      } catch (NoAnswer e) {
        if (!again.test(1)) {
          throw e;
        }
      }
    }
  }

  static StoredMessage toMessage(JsonNode message, boolean aside) {
    String stream = message.path("stream").asText();
    byte[] payload = payload(message, aside);
    return new StoredMessage(
        new MessageIdentity(
            message.path("boot").asText(), message.path("sequence").asLong()),
        stream,
        underWay(payload, message.path("receivedAt").asText()),
        ContentChecksum.of(stream, payload),
        aside);
  }

  /** As text, or, of a dead letter, which need not be one, in base64. */
  private static byte[] payload(JsonNode message, boolean aside) {
    return aside
        ? Base64.getDecoder().decode(message.path("payloadBase64").asText())
        : message.path("payload").asText().getBytes(StandardCharsets.UTF_8);
  }

  /** A simulated device dates its message, in SenML's base time, with when it was due. */
  private static @Nullable Duration underWay(byte[] senml, String receivedAt) {
    try {
      JsonNode due = JSON.readTree(senml).path(0).path("bt");
      return due.isNumber()
          ? Duration.between(instant(due.decimalValue()), Instant.parse(receivedAt))
          : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static Instant instant(BigDecimal seconds) {
    long micros =
        seconds.movePointRight(MICROSECONDS).setScale(0, RoundingMode.DOWN).longValue();
    return Instant.EPOCH.plus(Duration.ofNanos(Math.multiplyExact(micros, 1000L)));
  }
}
