/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.CsrAttributes.Element;
import dev.muster.protocol.est.CsrTemplate;
import dev.muster.protocol.est.KeyWish;
import java.util.ArrayList;
import java.util.List;

/**
 * What we would like in a request: a kind of key, and nothing about names, which are ours to give.
 */
final class CsrWishes {
  /** What becomes of a request that is linked to its connection. */
  enum Link {
    /** It is refused, as the link cannot be checked. */
    REFUSED,
    /** It is checked, if it is there. */
    CHECKED,
    /** A request without it is refused: the challengePassword must be named (RFC 7030, 4.5.2). */
    REQUIRED
  }

  private CsrWishes() {}

  static CsrAttributes of(KeyWish key, Link link) {
    List<Element> wishes = new ArrayList<>();
    // Whoever reads the template reads nothing else, and it has no place for an attribute whose
    // value only the client knows.
    if (link != Link.REQUIRED) {
      wishes.add(new Element.Template(new CsrTemplate(List.of(), key, List.of(), List.of())));
    }
    wishes.add(new Element.Key(key));
    if (KeyWish.P256.equals(key.curve())) {
      wishes.add(new Element.Wish(CsrAttributes.ECDSA_WITH_SHA256));
    }
    if (link == Link.REQUIRED) {
      wishes.add(new Element.Wish(CsrAttributes.CHALLENGE_PASSWORD));
    }
    if (link != Link.REFUSED) {
      // Whoever evaluates it says so in each answer (RFC 7894, 4). It is last: libest looks for
      // object identifiers, and never ends where something else is behind the last of them.
      wishes.add(new Element.Wish(CsrAttributes.EST_IDENTITY_LINKING));
    }
    return new CsrAttributes(wishes);
  }
}
