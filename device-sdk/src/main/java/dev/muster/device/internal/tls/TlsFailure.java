/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.tls;

import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.util.Set;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/** What a failed handshake means. JSSE tells it in the text of its exceptions only. */
public enum TlsFailure {
  /** The server refused our certificate. */
  WE_ARE_REFUSED,
  /** The server says that our certificate has expired. */
  WE_ARE_EXPIRED,
  /** We do not trust the server. */
  SERVER_IS_UNTRUSTED,
  /** Anything else: no network, no common cipher, not TLS. */
  OTHER;

  private static final String ALERT = "Received fatal alert: ";

  /** Alerts with which a server answers a certificate (RFC 8446, 6.2). */
  private static final Set<String> REFUSALS = Set.of(
      "bad_certificate",
      "unsupported_certificate",
      "certificate_revoked",
      "certificate_unknown",
      "unknown_ca",
      "access_denied",
      "certificate_required");

  /** Reads an exception with its causes. */
  public static TlsFailure of(@Nullable Throwable failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      TlsFailure known = classify(t);
      if (known != OTHER) {
        return known;
      }
    }
    return OTHER;
  }

  /** The innermost reason, in one line, for people. */
  public static String describe(Throwable failure) {
    Throwable innermost = failure;
    for (Throwable t = failure; t != null; t = t.getCause()) {
      innermost = t;
    }
    String message = innermost.getMessage();
    String name = innermost.getClass().getSimpleName();
    return message == null || message.isBlank()
        ? name
        : name + ": " + message.lines().findFirst().orElse("");
  }

  private static TlsFailure classify(Throwable failure) {
    if (failure instanceof CertificateException
        || failure instanceof CertPathBuilderException
        || failure instanceof CertPathValidatorException
        || failure instanceof SSLPeerUnverifiedException) {
      return SERVER_IS_UNTRUSTED;
    }
    String message = String.valueOf(failure.getMessage());
    int alert = message.indexOf(ALERT);
    if (!(failure instanceof SSLException) || alert < 0) {
      return OTHER;
    }
    String name = message.substring(alert + ALERT.length()).strip();
    if (name.equals("certificate_expired")) {
      return WE_ARE_EXPIRED;
    }
    return REFUSALS.contains(name) ? WE_ARE_REFUSED : OTHER;
  }
}
