/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.doctor;

import java.util.ArrayList;
import java.util.List;

/** What has been found so far. A look that fails takes no other with it. */
final class Findings {
  private final List<Finding> all = new ArrayList<>();

  /** One look. */
  interface Look {
    Finding take() throws Exception;
  }

  /** A look that shows several things. */
  interface WideLook {
    List<Finding> take() throws Exception;
  }

  /** @param check what cannot be told if the look fails */
  void look(String check, Look look) {
    lookAround(check, () -> List.of(look.take()));
  }

  /** As {@link #look}. */
  void lookAround(String check, WideLook look) {
    try {
      all.addAll(look.take());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      all.add(Finding.unknown(check, "interrupted"));
    } catch (Exception e) {
      all.add(Finding.unknown(check, "not examined: " + reason(e)));
    }
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  List<Finding> all() {
    return List.copyOf(all);
  }
}
