/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.Response;

/** Answers that say why not (RFC 7252, 5.5.2). */
public final class Diagnostics {
  /** Fits one datagram of any size that people use. */
  private static final int MAX = 200;

  private Diagnostics() {}

  public static Response of(ResponseCode code, String text) {
    Response response = new Response(code);
    response.setPayload(text(text));
    return response;
  }

  /** With Max-Age: when to ask again. */
  public static Response later(ResponseCode code, Duration maxAge, String text) {
    Response response = of(code, text);
    response.getOptions().setMaxAge(seconds(maxAge));
    return response;
  }

  /** 4.13, with the most that is taken (RFC 7959, 2.9.3). @param most in bytes */
  public static Response tooLarge(int most, String text) {
    Response response = of(ResponseCode.REQUEST_ENTITY_TOO_LARGE, text);
    response.getOptions().setSize1(most);
    return response;
  }

  /** As a payload; cut if it is long. */
  public static byte[] text(String text) {
    String shortened = text.length() <= MAX ? text : text.substring(0, MAX - 3) + "...";
    return shortened.getBytes(UTF_8);
  }

  /** For Max-Age, in which 0 would be an invitation to ask again at once. */
  public static long seconds(Duration maxAge) {
    return Math.max(1, maxAge.plusNanos(999_999_999).toSeconds());
  }
}
