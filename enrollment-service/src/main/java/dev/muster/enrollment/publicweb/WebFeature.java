/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.publicweb;

import java.util.Optional;

/** Brings pages. */
public interface WebFeature {
  /**
   * The page at a path; empty if none of this feature. Called on an event loop.
   *
   * @param path as it came, percent-encoded
   */
  Optional<WebPage> find(String path);
}
