/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.Quoted;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;
import org.jspecify.annotations.Nullable;

/** Whether the names in a request are those of the device that sends it. None of them is copied. */
final class CsrNames {
  /** uniformResourceIdentifier (RFC 5280, 4.2.1.6). */
  private static final int URI = 6;

  private CsrNames() {}

  /**
   * For a first request: empty, the device's id or serial number, or the very subject of its
   * IDevID, which stock clients copy.
   *
   * @return what is wrong; empty if nothing is
   */
  static Optional<String> foreign(
      VerifiedCsr csr, DeviceSubject subject, String serial, List<VerifiedCsr.Name> ownNames) {
    if (!csr.names().equals(ownNames)) {
      for (VerifiedCsr.Name name : csr.names()) {
        if (!name.value().isEmpty() && !isOwn(name, subject, serial)) {
          return Optional.of(name.type() + ": " + Quoted.of(name.value())
              + " (expected: absent, or the name of this device)");
        }
      }
    }
    return foreignUri(csr, subject);
  }

  private static boolean isOwn(VerifiedCsr.Name name, DeviceSubject subject, String serial) {
    return switch (name.type()) {
      case "CN", "serialNumber" ->
        name.value().equals(subject.device().value()) || name.value().equals(serial);
      case "O" -> name.value().equals(subject.fleet().value());
      default -> name.value().equals(DeviceSubject.UNIT);
    };
  }

  /**
   * For a renewal: subject and subjectAltName those of the certificate, byte for byte (RFC 7030,
   * 4.2.2); or absent, for clients that leave out what the server knows.
   *
   * @return what is wrong; empty if nothing is
   */
  static Optional<String> changed(VerifiedCsr csr, X509Certificate current) {
    X500Principal subject = current.getSubjectX500Principal();
    // Principals are equal in more ways than in their bytes: in case and in types of text.
    if (!csr.names().isEmpty()
        && !Arrays.equals(csr.subject().getEncoded(), subject.getEncoded())) {
      return Optional.of("subject: " + Quoted.of(csr.subject().getName())
          + " (expected: empty, or that of the certificate, in the same encoding: "
          + subject.getName() + ")");
    }
    if (csr.uris().isEmpty()) {
      return Optional.empty();
    }
    List<String> own = uris(current);
    return csr.uris().equals(own)
        ? Optional.empty()
        : Optional.of("subjectAltName: " + Quoted.of(String.join(", ", csr.uris()))
            + " (expected: absent, or " + String.join(", ", own) + ")");
  }

  private static List<String> uris(X509Certificate certificate) {
    try {
      @Nullable Collection<List<?>> names = certificate.getSubjectAlternativeNames();
      return names == null
          ? List.of()
          : names.stream()
              .filter(name -> Integer.valueOf(URI).equals(name.get(0)))
              .map(name -> String.valueOf(name.get(1)))
              .toList();
    } catch (CertificateParsingException e) {
      throw new IllegalStateException("a certificate of ours cannot be read", e);
    }
  }

  private static Optional<String> foreignUri(VerifiedCsr csr, DeviceSubject subject) {
    String own = subject.toUrn().toString();
    return csr.uris().stream()
        .filter(uri -> !uri.equals(own))
        .findFirst()
        .map(uri -> "subjectAltName: " + Quoted.of(uri) + " (expected: absent, or " + own + ")");
  }
}
