/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.delivery.Letter;
import dev.muster.coap.Diagnostics;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import org.eclipse.californium.core.coap.CoAP.ResponseCode;
import org.eclipse.californium.core.coap.OptionSet;
import org.eclipse.californium.core.coap.Response;

/** What there is for a device, as a response. */
final class StateAnswers {
  static final int JSON = 50;

  /** After so long without a word, an observer asks whether it still is one (RFC 7641, 3.3.1). */
  private static final Duration OBSERVED = Duration.ofMinutes(10);

  private static final int ETAG_BYTES = 8;
  private static final byte[] NOTHING = {};

  private StateAnswers() {}

  /** Of now alone: without Max-Age it would be of a minute (RFC 7252, 5.10.5). */
  static Response once(Optional<Letter> letter, OptionSet request) {
    Response response = letter
        .map(found -> content(found.payload(), request))
        .orElseGet(() -> Diagnostics.of(ResponseCode.NOT_FOUND, "nothing is there for the device"));
    response.getOptions().setMaxAge(0);
    return response;
  }

  /**
   * Until another is sent. Nothing is something here, too, without a body: an error would be the
   * last to be sent.
   */
  static Response observed(Optional<Letter> letter, OptionSet request) {
    Response response = content(letter.map(Letter::payload).orElse(NOTHING), request);
    Duration age = letter
        .map(Letter::expiry)
        .filter(expiry -> expiry.compareTo(OBSERVED) < 0)
        .orElse(OBSERVED);
    response.getOptions().setMaxAge(Diagnostics.seconds(age));
    return response;
  }

  /** With a tag, by which a device need not be sent what it has, nor take blocks of two states. */
  private static Response content(byte[] payload, OptionSet request) {
    byte[] tag = tagOf(payload);
    boolean known = request.containsETag(tag);
    Response response = new Response(known ? ResponseCode.VALID : ResponseCode.CONTENT);
    response.getOptions().addETag(tag);
    if (!known && payload.length > 0) {
      response.getOptions().setContentFormat(JSON);
      response.setPayload(payload);
    }
    return response;
  }

  private static byte[] tagOf(byte[] payload) {
    try {
      return Arrays.copyOf(MessageDigest.getInstance("SHA-256").digest(payload), ETAG_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
