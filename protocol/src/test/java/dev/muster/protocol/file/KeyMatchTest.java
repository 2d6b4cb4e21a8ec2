/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class KeyMatchTest {
  @Test
  void keys_ofEveryKind_belongToTheirOwnAlone() throws Exception {
    List<KeyPair> pairs = new ArrayList<>();
    for (String kind : List.of("EC", "EC", "RSA", "RSA", "Ed25519", "Ed25519", "X25519")) {
      pairs.add(KeyPairGenerator.getInstance(kind).generateKeyPair());
    }
    for (KeyPair one : pairs) {
      for (KeyPair other : pairs) {
        assertThat(KeyMatch.belongTogether(one.getPrivate(), other.getPublic()))
            .as(one.getPrivate().getAlgorithm() + " " + other.getPublic().getAlgorithm())
            .isEqualTo(one == other && !one.getPublic().getAlgorithm().equals("XDH"));
      }
    }
  }
}
