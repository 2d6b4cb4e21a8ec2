/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where CRLs stand: {@code /crl/device.crl} is complete, {@code /crl/device/3.crl} a shard. */
final class CrlPaths {
  private static final Pattern PATH =
      Pattern.compile("/crl/([a-z0-9-]{1,16})(?:/([1-9][0-9]{0,8}))?\\.crl");

  private CrlPaths() {}

  /** @param shard 0 for the complete CRL */
  record Place(String issuer, int shard) {}

  static String complete(String issuer) {
    return "/crl/" + issuer + ".crl";
  }

  static String shard(String issuer, int shard) {
    return "/crl/" + issuer + "/" + shard + ".crl";
  }

  static Optional<Place> parse(String path) {
    Matcher matcher = PATH.matcher(path);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String shard = matcher.group(2);
    return Optional.of(new Place(
        matcher.group(1), shard == null ? PublishedCrl.COMPLETE : Integer.parseInt(shard)));
  }
}
