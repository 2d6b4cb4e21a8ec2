/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.est;

import dev.muster.protocol.est.EstOperation;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a request goes: {@code /.well-known/est[/<label>]/<operation>[/<argument>]} (RFC 7030,
 * 3.2.2).
 *
 * @param label as it stands in the path; null if there is none
 * @param argument of an operation that takes one, as it stands in the path; else empty
 */
record EstPath(@Nullable String label, EstOperation operation, String argument) {
  /** @return empty if that is no path of EST */
  static Optional<EstPath> parse(@Nullable String path) {
    String prefix = EstOperation.WELL_KNOWN + "/";
    if (path == null || !path.startsWith(prefix)) {
      return Optional.empty();
    }
    List<String> segments = List.of(path.substring(prefix.length()).split("/", -1));
    Optional<EstOperation> first = EstOperation.of(segments.get(0));
    if (first.isPresent()) {
      return of(null, first.get(), segments.subList(1, segments.size()));
    }
    // A label may not be the name of an operation: there the operation would have been found.
    return segments.size() < 2
        ? Optional.empty()
        : EstOperation.of(segments.get(1))
            .flatMap(second -> of(segments.get(0), second, segments.subList(2, segments.size())));
  }

  private static Optional<EstPath> of(
      @Nullable String label, EstOperation operation, List<String> rest) {
    int expected = operation == EstOperation.RENEWAL_INFO ? 1 : 0;
    return rest.size() == expected
        ? Optional.of(new EstPath(label, operation, expected == 0 ? "" : rest.get(0)))
        : Optional.empty();
  }
}
