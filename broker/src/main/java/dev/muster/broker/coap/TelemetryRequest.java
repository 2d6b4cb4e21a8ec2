/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.authz.ClientSubject;
import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.eclipse.californium.core.coap.CoAP.Code;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Request;
import org.jspecify.annotations.Nullable;

/**
 * What is asked for by {@code POST /t/<stream>?b=<boot>&q=<sequence>}.
 *
 * @param topic where the same would be published over MQTT
 * @param identity null: a redelivery can be told by its message id alone
 * @param contentType null: the first byte tells
 */
record TelemetryRequest(
    TelemetryTopic topic,
    @Nullable MessageIdentity identity,
    @Nullable String contentType) {
  private static final String BOOT = "b";
  private static final String SEQUENCE = "q";
  private static final Map<Integer, String> MEDIA_TYPES = new TreeMap<>(Map.of(
      0, "text/plain",
      50, "application/json",
      60, "application/cbor",
      110, "application/senml+json",
      112, "application/senml+cbor"));

  /** Reads everything but the body, so that the first of its blocks will do. */
  static TelemetryRequest read(Request request, ClientSubject device) throws RefusedException {
    OptionSet options = request.getOptions();
    List<String> path = options.getUriPath();
    if (request.getCode() != Code.POST) {
      throw new RefusedException(
          ResponseCode.METHOD_NOT_ALLOWED, "method: not allowed (expected: POST)");
    }
    if (options.hasAccept()) {
      throw new RefusedException(
          ResponseCode.NOT_ACCEPTABLE, "Accept: nothing is given back (expected: absent)");
    }
    return new TelemetryRequest(
        topicOf(device, path.get(1)), identityOf(options.getUriQuery()), contentTypeOf(options));
  }

  private static TelemetryTopic topicOf(ClientSubject device, String stream)
      throws RefusedException {
    String topic = "fleets/" + device.organization() + "/devices/" + device.commonName()
        + "/telemetry/" + stream;
    return TelemetryTopic.parse(topic)
        .orElseThrow(() -> new RefusedException(
            ResponseCode.BAD_REQUEST,
            "stream: not a name (expected: 1 to 64 of [A-Za-z0-9._-], starting with a letter or"
                + " digit)"));
  }

  private static @Nullable MessageIdentity identityOf(List<String> query) throws RefusedException {
    if (query.isEmpty()) {
      return null;
    }
    Map<String, String> values = new TreeMap<>();
    for (String one : query) {
      int equals = one.indexOf('=');
      String name = equals < 0 ? one : one.substring(0, equals);
      if (!name.equals(BOOT) && !name.equals(SEQUENCE)) {
        throw new RefusedException(
            ResponseCode.BAD_OPTION, "Uri-Query: " + Quoted.of(name) + " (expected: b and q)");
      }
      if (values.put(name, one.substring(equals + 1)) != null) {
        throw new RefusedException(ResponseCode.BAD_REQUEST, "Uri-Query: " + name + " twice");
      }
    }
    try {
      return MessageIdentity.parse(
          values.getOrDefault(BOOT, ""), values.getOrDefault(SEQUENCE, ""));
    } catch (IllegalArgumentException e) {
      throw new RefusedException(ResponseCode.BAD_REQUEST, "Uri-Query: " + e.getMessage());
    }
  }

  private static @Nullable String contentTypeOf(OptionSet options) throws RefusedException {
    if (!options.hasContentFormat()) {
      return null;
    }
    return Optional.ofNullable(MEDIA_TYPES.get(options.getContentFormat()))
        .orElseThrow(() -> new RefusedException(
            ResponseCode.UNSUPPORTED_CONTENT_FORMAT,
            "Content-Format: " + options.getContentFormat() + " (expected: " + MEDIA_TYPES.keySet()
                + ")"));
  }

  /** In full. */
  String topicName() {
    return "fleets/" + topic.fleet() + "/devices/" + topic.device() + "/telemetry/"
        + topic.stream();
  }
}
