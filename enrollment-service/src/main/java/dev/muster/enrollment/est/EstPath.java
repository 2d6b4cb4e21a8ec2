/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.protocol.est.EstOperation;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes: {@code /.well-known/est[/<label>]/<operation>} (RFC 7030, 3.2.2).
 *
 * @param label as it stands in the path; null if there is none
 */
record EstPath(@Nullable String label, EstOperation operation) {
  /** @return empty if that is no path of EST */
  static Optional<EstPath> parse(@Nullable String path) {
    String prefix = EstOperation.WELL_KNOWN + "/";
    if (path == null || !path.startsWith(prefix)) {
      return Optional.empty();
    }
    String[] segments = path.substring(prefix.length()).split("/", -1);
    if (segments.length > 2) {
      return Optional.empty();
    }
    String label = segments.length == 2 ? segments[0] : null;
    // A label may not be the name of an operation.
    if (label != null && EstOperation.of(label).isPresent()) {
      return Optional.empty();
    }
    return EstOperation.of(segments[segments.length - 1])
        .map(operation -> new EstPath(label, operation));
  }
}
