/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.mqtt.OutboundMessage;
import dev.muster.protocol.telemetry.MessageIdentity;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.eclipse.californium.core.coap.Request;

/** Where over CoAP is said what would be published over MQTT. */
final class Requests {
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
      request.setPayload(message.payload());
      return request;
    });
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
