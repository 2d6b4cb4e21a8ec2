/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.delivery;

import dev.muster.protocol.identity.DeviceId;
import java.sql.SQLException;
import java.util.List;

/** Knows what a device should have been told: the store, not a queue, is the record. */
public interface LetterSource {
  /** All that a device should have been told, in order; blocks. */
  List<Letter> lettersFor(DeviceId device) throws SQLException;
}
