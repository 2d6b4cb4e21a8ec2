/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import dev.muster.enrollment.csr.CsrCheck;
import dev.muster.enrollment.csr.LinkClaim;
import java.util.List;

/**
 * Whether a request was signed for the very connection it came over, so that nobody can hand on
 * another's (RFC 7030, 3.5; RFC 7894, 4).
 *
 * @param required whether a request has to say so; what it says is checked in any case
 */
record Linking(boolean required) {
  /**
   * Judges all claims of a request, each for itself; that they hold uses the binding up.
   *
   * @param check of the request itself; if that was refused already, it stays so
   */
  CsrCheck check(CsrCheck check, ChannelBinding binding) {
    if (!(check instanceof CsrCheck.Accepted accepted)) {
      return check;
    }
    List<LinkClaim> claims = accepted.csr().links();
    if (claims.isEmpty()) {
      return required ? missing() : accepted;
    }
    String first = claims.get(0).attribute();
    if (!binding.isKnown()) {
      return new CsrCheck.Refused(
          first,
          "cannot be checked, as this connection tells no channel binding (expected: absent)");
    }
    for (LinkClaim claim : claims) {
      if (!binding.matches(claim.value())) {
        return foreign(claim);
      }
    }
    return binding.spend() ? accepted : spent(first);
  }

  private static CsrCheck.Refused missing() {
    return new CsrCheck.Refused(
        "challengePassword",
        "absent (expected: linking of identity and proof-of-possession is required, RFC 7030, 3.5)");
  }

  private static CsrCheck.Refused foreign(LinkClaim claim) {
    return new CsrCheck.Refused(
        claim.attribute(),
        "not of this connection (expected: linking of identity and proof-of-possession by base64"
            + " of the channel binding: tls-unique in TLS 1.2, tls-exporter in TLS 1.3)");
  }

  private static CsrCheck.Refused spent(String attribute) {
    return new CsrCheck.Refused(
        attribute,
        "of a connection that has served a linked request already (expected: a new connection for"
            + " each, RFC 9266, 4.1)");
  }
}
