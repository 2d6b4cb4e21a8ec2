/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.californium.core.coap.Request;

/** Where over CoAP is said what would be published over MQTT. */
final class Requests {
  /** What the broker takes. */
  static final int MAX_BODY = 16 * 1024;

  private static final Pattern TELEMETRY = Pattern.compile(".*/telemetry/([^/]+)");
  private static final Pattern RESULT = Pattern.compile(".*/commands/([^/]+)/result");
  private static final Pattern REPORTED = Pattern.compile(".*/twin/reported");
  private static final Map<String, Integer> FORMATS = Map.of(
      "text/plain", 0,
      "application/json", 50,
      "application/cbor", 60,
      "application/senml+json", 110,
      "application/senml+cbor", 112);

  private Requests() {}

  /** @return empty if there is no such place */
  static Optional<Request> of(OutboundMessage message) {
    return pathOf(message.topic()).map(path -> {
      Request request = Request.newPost();
      request.getOptions().setUriPath(path);
      MessageIdentity identity = message.identity();
      if (identity != null) {
        request
            .getOptions()
            .addUriQuery("b=" + identity.boot())
            .addUriQuery("q=" + identity.sequence());
      }
      Integer format = FORMATS.get(message.contentType());
      if (format != null) {
        request.getOptions().setContentFormat(format);
      }
      request.setPayload(payloadOf(message));
      return request;
    });
  }

  /**
   * What is too large for a result is told as a failure: without a word, the command would stay the
   * next one to be done, and hide those after it.
   */
  private static byte[] payloadOf(OutboundMessage message) {
    byte[] payload = message.payload();
    if (payload.length <= MAX_BODY || !RESULT.matcher(message.topic()).matches()) {
      return payload;
    }
    String detail = String.format(
        "a result of %d bytes is too large for CoAP (expected: at most %d)",
        payload.length, MAX_BODY);
    return ("{\"status\":\"failed\",\"detail\":\"" + detail + "\"}")
        .getBytes(StandardCharsets.UTF_8);
  }

  private static Optional<String> pathOf(String topic) {
    Matcher telemetry = TELEMETRY.matcher(topic);
    if (telemetry.matches()) {
      return Optional.of("t/" + telemetry.group(1));
    }
    Matcher result = RESULT.matcher(topic);
    if (result.matches()) {
      return Optional.of("c/" + result.group(1));
    }
    return REPORTED.matcher(topic).matches() ? Optional.of("twin") : Optional.empty();
  }
}
