/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.ServerProtocolException;
import dev.muster.protocol.est.CsrAttributes;
import dev.muster.protocol.est.ExtensionWish;
import dev.muster.protocol.est.KeyWish;
import java.util.List;
import java.util.Optional;

/** What a server wants of requests (RFC 7030, 4.5.2; RFC 9908), as far as a device can do it. */
final class Wishes {
  private Wishes() {}

  /**
   * The extensions to ask for, those that the server has filled in.
   *
   * @param body the answer to csrattrs; empty if the server wants nothing in particular
   * @throws ServerProtocolException if the server wants what this device cannot do
   */
  static List<ExtensionWish> read(byte[] body) throws ServerProtocolException {
    if (body.length == 0) {
      return List.of();
    }
    CsrAttributes wishes;
    try {
      wishes = CsrAttributes.read(body);
    } catch (IllegalArgumentException e) {
      throw new ServerProtocolException(
          "the server's csrattrs are not as RFC 9908 has them: " + e.getMessage(), e);
    }
    if (wishes.wantsChannelBinding()) {
      throw new ServerProtocolException(
          "the server wants requests linked to their TLS channel (RFC 7030, 3.5), for which this"
              + " Java runtime has no means",
          null);
    }
    Optional<KeyWish> key = wishes.key();
    boolean possible = key.isEmpty() || KeyWish.ec(KeyWish.P256).equals(key.get());
    if (!possible) {
      throw new ServerProtocolException(
          "the server wants a key of kind " + key.get() + " (expected: EC on P-256)", null);
    }
    return wishes.extensions().stream().filter(wish -> wish.value() != null).toList();
  }
}
