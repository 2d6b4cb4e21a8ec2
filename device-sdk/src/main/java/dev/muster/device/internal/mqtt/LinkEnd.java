/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.mqtt;

import static java.util.Objects.requireNonNull;

import dev.muster.device.internal.tls.TlsFailure;

/** Why a link ended, by what to do next. */
public record LinkEnd(Kind kind, String detail) {
  public LinkEnd {
    requireNonNull(kind, "kind");
    requireNonNull(detail, "detail");
  }

  /** What a failure of the network or of TLS means. */
  static LinkEnd of(Throwable failure) {
    String words = TlsFailure.describe(failure);
    return switch (TlsFailure.of(failure)) {
      case WE_ARE_REFUSED -> new LinkEnd(Kind.CERTIFICATE_REFUSED, "certificate refused: " + words);
      case WE_ARE_EXPIRED -> new LinkEnd(Kind.EXPIRED, words);
      case SERVER_IS_UNTRUSTED ->
        new LinkEnd(Kind.UNTRUSTED, "the broker is not trusted: " + words);
      case OTHER -> new LinkEnd(Kind.LOST, words);
    };
  }

  /**
   * As {@link #of}, before the handshake is over: an alert is not authenticated by then (RFC 8446,
   * 6), and a broker that refuses our certificate in TLS 1.3 does so later.
   */
  static LinkEnd ofHandshake(Throwable failure) {
    LinkEnd end = of(failure);
    return end.kind == Kind.EXPIRED ? new LinkEnd(Kind.CALLED_EXPIRED, end.detail) : end;
  }

  /** What to do next. */
  public enum Kind {
    /** We asked for it. */
    CLOSED,
    /** No connection, or a lost one: try again soon. */
    LOST,
    /** The broker has too much to do: try again, but not soon. */
    BUSY,
    /** The broker is not the one we trust: try again, somebody may correct it. */
    UNTRUSTED,
    /** The broker refuses this device: revoked, suspended or never known. Try again rarely. */
    REFUSED,
    /** TLS refuses our certificate already: its CA may not be trusted any more. */
    CERTIFICATE_REFUSED,
    /** The broker says that our certificate has expired. */
    EXPIRED,
    /** As above, but nothing proves that it was the broker: anybody on the way may have said so. */
    CALLED_EXPIRED
  }
}
