/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import dev.muster.protocol.est.EstOperation;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The short names of EST's operations (RFC 9148, Table 1), with the formats of their answers. */
enum EstCoapsResource {
  CRTS(EstOperation.CA_CERTS, ContentFormat.CERTS_ONLY, ContentFormat.CERTIFICATE),
  SEN(EstOperation.SIMPLE_ENROLL, ContentFormat.CERTS_ONLY, ContentFormat.CERTIFICATE),
  SREN(EstOperation.SIMPLE_REENROLL, ContentFormat.CERTS_ONLY, ContentFormat.CERTIFICATE),
  ATT(EstOperation.CSR_ATTRS, ContentFormat.CSR_ATTRS),
  /** A key and a certs-only message. */
  SKG(EstOperation.SERVER_KEYGEN, ContentFormat.MULTIPART),
  /** A key and a certificate. */
  SKC(EstOperation.SERVER_KEYGEN, ContentFormat.MULTIPART);

  private final EstOperation operation;
  private final List<Integer> formats;

  EstCoapsResource(EstOperation operation, Integer... formats) {
    this.operation = operation;
    this.formats = List.of(formats);
  }

  static Optional<EstCoapsResource> of(String segment) {
    for (EstCoapsResource resource : values()) {
      if (resource.segment().equals(segment)) {
        return Optional.of(resource);
      }
    }
    return Optional.empty();
  }

  String segment() {
    // Not toLowerCase: that would follow the locale.
    return switch (this) {
      case CRTS -> "crts";
      case SEN -> "sen";
      case SREN -> "sren";
      case ATT -> "att";
      case SKG -> "skg";
      case SKC -> "skc";
    };
  }

  EstOperation operation() {
    return operation;
  }

  boolean isGet() {
    return operation.method().equals("GET");
  }

  /** What is sent to whoever names no format; the RFC wants 281 where there is a choice (4.3). */
  int preferredFormat() {
    return formats.get(0);
  }

  boolean gives(int format) {
    return formats.contains(format);
  }

  /** For people, and for discovery. */
  String formats() {
    return formats.stream().map(String::valueOf).collect(Collectors.joining(" "));
  }
}
