/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.mqtt.LinkEnd;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;

/** The broker's response codes in the words of MQTT, which the SDK speaks. */
final class Answers {
  private static final int UNSPECIFIED = 0x80;
  private static final int NOT_AUTHORIZED = 0x87;
  private static final int PACKET_TOO_LARGE = 0x95;
  private static final int PAYLOAD_INVALID = 0x99;
  private static final String EXPIRED = "certificate expired";

  private Answers() {}

  /** Whether the same may succeed later. */
  static boolean isForLater(Response response) {
    return switch (response.getCode()) {
      // 4.08: of a body in blocks, of which too many were lost.
      case TOO_MANY_REQUESTS, REQUEST_ENTITY_INCOMPLETE, SERVICE_UNAVAILABLE, GATEWAY_TIMEOUT ->
        true;
      default -> false;
    };
  }

  /** Whether the broker does not know this device, or not any more. */
  static boolean isUnauthorized(Response response) {
    return response.getCode() == ResponseCode.UNAUTHORIZED;
  }

  /** For a request that was refused for good. @return of MQTT 5, 2.4 */
  static int reasonOf(Response response) {
    return switch (response.getCode()) {
      case FORBIDDEN, NOT_FOUND -> NOT_AUTHORIZED;
      case REQUEST_ENTITY_TOO_LARGE -> PACKET_TOO_LARGE;
      case BAD_REQUEST, UNSUPPORTED_CONTENT_FORMAT -> PAYLOAD_INVALID;
      default -> UNSPECIFIED;
    };
  }

  /** What is to be done about a link that got such an answer. */
  static LinkEnd endOf(Response response) {
    LinkEnd.Kind kind = isUnauthorized(response)
        ? response.getPayloadString().startsWith(EXPIRED)
            ? LinkEnd.Kind.EXPIRED
            : LinkEnd.Kind.REFUSED
        : isForLater(response) ? LinkEnd.Kind.BUSY : LinkEnd.Kind.LOST;
    return new LinkEnd(kind, "the broker answered: " + describe(response));
  }

  /** For people. */
  static String describe(Response response) {
    String text = response.getPayloadString();
    String code = response.getCode() + " " + response.getCode().name();
    return text.isEmpty()
        ? code
        : code + ": " + text.replaceAll("[^\\x20-\\x7e]", " ").strip();
  }
}
