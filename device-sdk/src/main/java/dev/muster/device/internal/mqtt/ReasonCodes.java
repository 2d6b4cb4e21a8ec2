/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The reason codes of MQTT 5 (2.4) that tell a device something. */
final class ReasonCodes {
  static final int FIRST_FAILURE = 0x80;
  private static final int LAST = 0xA2;

  private static final Map<Integer, String> NAMES = Map.ofEntries(
      Map.entry(0x00, "success"),
      Map.entry(0x10, "no matching subscribers"),
      Map.entry(0x80, "unspecified error"),
      Map.entry(0x81, "malformed packet"),
      Map.entry(0x82, "protocol error"),
      Map.entry(0x83, "implementation specific error"),
      Map.entry(0x84, "unsupported protocol version"),
      Map.entry(0x85, "client identifier not valid"),
      Map.entry(0x86, "bad user name or password"),
      Map.entry(0x87, "not authorized"),
      Map.entry(0x88, "server unavailable"),
      Map.entry(0x89, "server busy"),
      Map.entry(0x8A, "banned"),
      Map.entry(0x8B, "server shutting down"),
      Map.entry(0x8C, "bad authentication method"),
      Map.entry(0x8D, "keep alive timeout"),
      Map.entry(0x8E, "session taken over"),
      Map.entry(0x90, "topic name invalid"),
      Map.entry(0x93, "receive maximum exceeded"),
      Map.entry(0x95, "packet too large"),
      Map.entry(0x96, "message rate too high"),
      Map.entry(0x97, "quota exceeded"),
      Map.entry(0x98, "administrative action"),
      Map.entry(0x99, "payload format invalid"),
      Map.entry(0x9B, "QoS not supported"),
      Map.entry(0x9C, "use another server"),
      Map.entry(0x9D, "server moved"),
      Map.entry(0x9F, "connection rate exceeded"));

  private ReasonCodes() {}

  /** Whether the number came over the wire; Paho's own lie elsewhere. */
  static boolean isFromBroker(int code) {
    return code >= FIRST_FAILURE && code <= LAST;
  }

  static LinkEnd endOf(int code, @Nullable String detail) {
    LinkEnd.Kind kind = switch (code) {
      case 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x98 -> LinkEnd.Kind.REFUSED;
      case 0x89, 0x96, 0x97, 0x9F -> LinkEnd.Kind.BUSY;
      default -> LinkEnd.Kind.LOST;
    };
    return new LinkEnd(kind, "the broker ended the connection: " + describe(code, detail));
  }

  static String describe(int code, @Nullable String detail) {
    String name = NAMES.getOrDefault(code, "reason code") + String.format(" (0x%02x)", code);
    return detail == null || detail.isBlank() ? name : name + ": " + printable(detail);
  }

  private static String printable(String text) {
    return text.replaceAll("[^\\x20-\\x7e]", " ").strip();
  }
}
