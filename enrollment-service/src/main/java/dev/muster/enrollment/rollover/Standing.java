/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.inventory.AuthorityStates.Recorded;
import dev.muster.enrollment.issuance.Fingerprint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How our own files stand to what all processes on one registry have done with the CAs. States move
 * forward alone, so whoever is behind is the one that has missed something. That a registry is
 * behind is no difference: it is brought forward.
 *
 * @param differences worded for an operator; empty if there are none
 * @param lost ids of issuing CAs that others hold for compromised, or have under another key
 * @param mayIssue whether the CAs that issue here are those that issue everywhere
 */
record Standing(List<String> differences, Set<String> lost, boolean mayIssue) {
  Standing {
    differences = List.copyOf(differences);
    lost = Set.copyOf(lost);
  }

  static Standing of(AuthorityHistory history, Map<String, Recorded> recorded) {
    List<String> differences = new ArrayList<>();
    Set<String> lost = new HashSet<>();
    boolean mayIssue = true;
    for (Map.Entry<String, Recorded> entry : recorded.entrySet()) {
      String id = entry.getKey();
      State there = State.of(entry.getValue().state());
      Optional<Authority> here = history.find(id);
      if (here.isEmpty()) {
        differences.add(id + " is " + there.label() + " (here: unknown)");
        mayIssue &= there != State.ACTIVE;
      } else if (!isSame(here.get(), entry.getValue())) {
        differences.add(id + " has another certificate than here");
        lost.add(id);
        mayIssue = false;
      } else if (there.compareTo(here.get().state()) > 0) {
        differences.add(
            id + " is " + there.label() + " (here: " + here.get().state().label() + ")");
        if (there == State.COMPROMISED) {
          lost.add(id);
        }
        mayIssue &= here.get().state() != State.ACTIVE;
      }
    }
    // Without its root nothing could be told apart any more.
    lost.removeIf(id -> Authority.kindOf(id).equals(AuthorityHistory.ROOT));
    return new Standing(differences, lost, mayIssue);
  }

  private static boolean isSame(Authority here, Recorded there) {
    return there.fingerprint() == null
        || there.fingerprint().equals(Fingerprint.of(here.certificate()).hex());
  }

  /** Whether the files are as far as the registry. */
  boolean isCurrent() {
    return differences.isEmpty();
  }

  /** What an operator is to know and to do; empty if nothing. */
  Optional<String> problem() {
    return isCurrent()
        ? Optional.empty()
        : Optional.of("CAs: another server on this database has gone on without this one: "
            + String.join(", ", differences)
            + " (expected: one DATA/ca for all, or a copy of that server's; it is taken into use by"
            + " itself)" + (mayIssue ? "" : "; nothing is issued until then")
            + (lost.isEmpty()
                ? ""
                : "; brokers with this DATA/trust may take " + lost + " until then"));
  }
}
