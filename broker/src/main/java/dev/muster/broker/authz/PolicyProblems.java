/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** What is wrong with a policy file: gathered, so that all is reported together. */
final class PolicyProblems {
  private record Problem(JsonLocation at, String text) {
    String line() {
      return "line " + at.getLineNr() + ", column " + at.getColumnNr() + ": " + text;
    }
  }

  private final PolicyPlaces places;
  private final List<Problem> problems = new ArrayList<>();

  PolicyProblems(PolicyPlaces places) {
    this.places = places;
  }

  /** In the order of the text. */
  List<String> all() {
    return problems.stream()
        .sorted(Comparator.<Problem>comparingInt(problem -> problem.at().getLineNr())
            .thenComparingInt(problem -> problem.at().getColumnNr()))
        .map(Problem::line)
        .toList();
  }

  /** @param place for example {@code roles.device.publish[0]} */
  void add(String place, String what) {
    problems.add(new Problem(places.find(place), place + ": " + what));
  }

  boolean isObject(JsonNode node, String place) {
    if (!node.isObject()) {
      add(place, (node.isMissingNode() ? "missing" : "wrong type") + " (expected: a mapping)");
    }
    return node.isObject();
  }

  boolean isListOrAbsent(JsonNode node, String place) {
    if (!node.isMissingNode() && !node.isArray()) {
      add(place, "wrong type (expected: a list)");
    }
    return node.isArray();
  }

  void checkKeys(JsonNode node, String place, Set<String> known) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!known.contains(entry.getKey())) {
        String at = place.isEmpty() ? entry.getKey() : place + "." + entry.getKey();
        add(at, "unknown key (expected: " + sorted(known) + ")");
      }
    }
  }

  static String sorted(Set<String> names) {
    return String.join(", ", new TreeSet<>(names));
  }
}
