/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a Uri-Path names: below {@code /.well-known/est} or, shorter, {@code /est}. */
record EstCoapsPath(@Nullable String label, EstCoapsResource resource) {
  /** @return empty if that is no path of EST */
  static Optional<EstCoapsPath> parse(List<String> path) {
    int root = rootOf(path);
    List<String> rest = path.subList(root, path.size());
    if (root == 0 || rest.isEmpty() || rest.size() > 2) {
      return Optional.empty();
    }
    @Nullable String label = rest.size() == 2 ? rest.get(0) : null;
    return EstCoapsResource.of(rest.get(rest.size() - 1))
        .map(resource -> new EstCoapsPath(label, resource));
  }

  /** How many segments come before those that are told apart; 0 for a path of something else. */
  private static int rootOf(List<String> path) {
    if (path.size() > 1 && path.get(0).equals(".well-known") && path.get(1).equals("est")) {
      return 2;
    }
    return !path.isEmpty() && path.get(0).equals("est") ? 1 : 0;
  }
}
