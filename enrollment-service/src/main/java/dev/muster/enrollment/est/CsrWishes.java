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
  private CsrWishes() {}

  /**
   * @param channelBinding whether a request is refused that is not linked to its TLS channel: then
   *     the challengePassword must be named (RFC 7030, 4.5.2)
   */
  static CsrAttributes of(KeyWish key, boolean channelBinding) {
    List<Element> wishes = new ArrayList<>();
    if (channelBinding) {
      wishes.add(new Element.Wish(CsrAttributes.CHALLENGE_PASSWORD));
    }
    wishes.add(new Element.Key(key));
    if (KeyWish.P256.equals(key.curve())) {
      wishes.add(new Element.Wish(CsrAttributes.ECDSA_WITH_SHA256));
    }
    // Whoever reads the template reads nothing else, and it has no place for an attribute whose
    // value only the client knows.
    if (!channelBinding) {
      wishes.add(new Element.Template(new CsrTemplate(List.of(), key, List.of(), List.of())));
    }
    return new CsrAttributes(wishes);
  }
}
