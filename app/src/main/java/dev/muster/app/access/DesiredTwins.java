/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import io.vertx.core.json.JsonObject;
import java.util.Optional;

/** Knows what devices should be like, before an operator changes that. */
@FunctionalInterface
public interface DesiredTwins {
  /** Empty if that cannot be told here. Blocks. */
  Optional<Desired> of(String device);

  /** The desired part of a twin. */
  record Desired(long version, JsonObject content) {}
}
