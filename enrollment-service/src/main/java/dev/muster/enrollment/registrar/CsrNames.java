/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.registrar;

import dev.muster.enrollment.csr.VerifiedCsr;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.Quoted;
import java.util.List;
import java.util.Optional;

/** Whether the names in a request are those of the device that sends it. None of them is copied. */
final class CsrNames {
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
   * For a renewal: empty, or the subject of the certificate, attribute by attribute (RFC 7030,
   * 4.2.2).
   *
   * @return what is wrong; empty if nothing is
   */
  static Optional<String> changed(VerifiedCsr csr, DeviceSubject subject) {
    List<VerifiedCsr.Name> expected = List.of(
        new VerifiedCsr.Name("CN", subject.device().value()),
        new VerifiedCsr.Name("O", subject.fleet().value()),
        new VerifiedCsr.Name("OU", DeviceSubject.UNIT));
    if (!csr.names().isEmpty() && !csr.names().equals(expected)) {
      return Optional.of("subject: differs from the certificate's (expected: empty, or CN="
          + subject.device() + ", O=" + subject.fleet() + ", OU=" + DeviceSubject.UNIT + ")");
    }
    return foreignUri(csr, subject);
  }

  private static Optional<String> foreignUri(VerifiedCsr csr, DeviceSubject subject) {
    String own = subject.toUrn().toString();
    return csr.uris().stream()
        .filter(uri -> !uri.equals(own))
        .findFirst()
        .map(uri -> "subjectAltName: " + Quoted.of(uri) + " (expected: absent, or " + own + ")");
  }
}
