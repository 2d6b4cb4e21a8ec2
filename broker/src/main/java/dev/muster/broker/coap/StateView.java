/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.coap;

import dev.muster.broker.delivery.Letter;
import dev.muster.broker.delivery.LetterSource;
import java.sql.SQLException;
import java.util.Optional;

/**
 * What devices see at a path: of all that they should have been told, the first thing that they may
 * be told.
 *
 * @param after the key of what they know of already; empty: of nothing
 */
record StateView(LetterSource source, String after) {
  /** Blocks. */
  Optional<Letter> first(KnownDevice device) throws SQLException {
    return source.lettersFor(device.id()).stream()
        .filter(letter -> letter.key().compareTo(after) > 0)
        .filter(letter ->
            device.policy().receive(letter.topic().apply(device.topics())).allowed())
        .findFirst();
  }
}
