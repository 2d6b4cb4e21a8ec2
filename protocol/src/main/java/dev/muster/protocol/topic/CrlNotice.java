/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * In the place of a CRL that is too large for an MQTT packet: which number is out, so that a broker
 * fetches it from where it knows. It carries no address, and no more trust than a knock.
 *
 * @param number of the CRL
 */
public record CrlNotice(BigInteger number) {
  private static final Pattern JSON =
      Pattern.compile("\\{\\s*\"crlNumber\"\\s*:\\s*\"([0-9]{1,48})\"\\s*}");

  private static final int MAX_BYTES = 256;

  /** {@code {"crlNumber":"1764082800"}}. */
  public byte[] encoded() {
    return ("{\"crlNumber\":\"" + number + "\"}").getBytes(StandardCharsets.US_ASCII);
  }

  /** Empty if that is no notice; a CRL never is one, for DER begins otherwise. */
  public static Optional<CrlNotice> parse(byte[] payload) {
    if (payload.length == 0 || payload.length > MAX_BYTES || payload[0] != '{') {
      return Optional.empty();
    }
    Matcher matcher = JSON.matcher(new String(payload, StandardCharsets.US_ASCII).strip());
    return matcher.matches()
        ? Optional.of(new CrlNotice(new BigInteger(matcher.group(1))))
        : Optional.empty();
  }
}
