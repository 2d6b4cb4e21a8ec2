/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

/** Who tells a client of changes. Called on any thread, which must not wait. */
public interface Watch {
  /** From now on; the client is sent the answer to its request ahead of all else. */
  void begun(Observation observation);

  /** No more, whoever has ended it. Once, after it had begun. */
  void over();
}
