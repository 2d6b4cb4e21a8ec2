/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.csr;

import static java.util.Objects.requireNonNull;

import java.security.PublicKey;
import java.util.List;
import javax.security.auth.x500.X500Principal;

/**
 * A request for a certificate whose key the server is to make. The key and the signature in it are
 * there for old code's sake and mean nothing (RFC 7030, 4.4.1).
 *
 * @param protection how the key is to travel; the rest is as in {@link VerifiedCsr}
 */
public record KeylessCsr(
    X500Principal subject,
    List<VerifiedCsr.Name> names,
    List<String> uris,
    List<LinkClaim> links,
    KeyProtection protection) {
  public KeylessCsr {
    requireNonNull(subject, "subject");
    requireNonNull(protection, "protection");
    names = List.copyOf(names);
    uris = List.copyOf(uris);
    links = List.copyOf(links);
  }

  /** The request as if its sender had made that key. */
  public VerifiedCsr with(PublicKey key) {
    return new VerifiedCsr(key, subject, names, uris, links);
  }

  /** What came of reading one. */
  public sealed interface Check {
    record Accepted(KeylessCsr csr) implements Check {}

    record Refused(CsrCheck.Refused refusal) implements Check {}
  }
}
