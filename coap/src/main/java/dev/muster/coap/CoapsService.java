/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.coap;

import org.eclipse.californium.core.coap.Request;

/** What is served. Thread-safe, and called by threads that must not wait. */
public interface CoapsService {
  /**
   * Whether a body may come in blocks: asked for the first block and for each that follows, before
   * anything is kept of them. A request that may not is served as it is, for its refusal.
   */
  boolean takesBlocks(Request request);

  /** Answers, now or later; the body is whole. */
  void serve(CoapsExchange exchange);
}
