/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static java.util.Objects.requireNonNull;

import dev.muster.enrollment.issuance.Fingerprint;
import dev.muster.enrollment.issuance.SubjectKey;
import java.security.PublicKey;
import java.util.List;
import java.util.Optional;
import javax.security.auth.x500.X500Principal;

/**
 * A certification request whose signature proves that its sender has the key (RFC 2986). The names
 * in it are claims, to be compared and never to be copied.
 *
 * @param subjectKey the key, with the request as it came; without it if the key was made here
 * @param keyFingerprint the SHA-256 of the public key, as the registry keeps it
 * @param subject as it was encoded
 * @param names the attributes of the subject, in order
 * @param uris the URIs of the subject alternative name
 * @param links which connection it says it was made for; they are for the receiver to compare
 */
public record VerifiedCsr(
    SubjectKey subjectKey,
    Fingerprint keyFingerprint,
    X500Principal subject,
    List<Name> names,
    List<String> uris,
    List<LinkClaim> links) {
  public VerifiedCsr {
    requireNonNull(subjectKey, "subjectKey");
    requireNonNull(keyFingerprint, "keyFingerprint");
    requireNonNull(subject, "subject");
    names = List.copyOf(names);
    uris = List.copyOf(uris);
    links = List.copyOf(links);
  }

  VerifiedCsr(
      SubjectKey subjectKey,
      X500Principal subject,
      List<Name> names,
      List<String> uris,
      List<LinkClaim> links) {
    this(subjectKey, Fingerprint.of(subjectKey.key()), subject, names, uris, links);
  }

  /** For a key that was made here. */
  public VerifiedCsr(
      PublicKey key,
      X500Principal subject,
      List<Name> names,
      List<String> uris,
      List<LinkClaim> links) {
    this(new SubjectKey(key, null), subject, names, uris, links);
  }

  public PublicKey key() {
    return subjectKey.key();
  }

  /** One attribute of a subject: {@code CN}, {@code O}, {@code OU} or {@code serialNumber}. */
  public record Name(String type, String value) {}

  /** The value of the first attribute of a type. */
  public Optional<String> name(String type) {
    return names.stream()
        .filter(name -> name.type().equals(type))
        .map(Name::value)
        .findFirst();
  }
}
