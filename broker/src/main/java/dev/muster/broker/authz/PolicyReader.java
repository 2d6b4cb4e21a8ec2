/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import com.fasterxml.jackson.databind.JsonNode;
import dev.muster.protocol.identity.Quoted;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the tree of a policy file; goes on after a problem, so that all are reported together. */
final class PolicyReader {
  private static final Set<String> FILE_KEYS = Set.of("version", "roles");
  private static final Set<String> ROLE_KEYS =
      Set.of("match", "clientId", "publish", "will", "subscribe", "deny", "sharedGroups", "limits");
  private static final Set<String> MATCH_KEYS = Set.of("issuer", "CN", "O", "OU");
  private static final Set<String> ISSUERS =
      Set.of(ClientSubject.DEVICE_ISSUER, ClientSubject.SERVICE_ISSUER);

  private final PolicyProblems problems;

  PolicyReader(PolicyProblems problems) {
    this.problems = problems;
  }

  List<Role> read(JsonNode root) {
    List<Role> roles = new ArrayList<>();
    if (!problems.isObject(root, "file")) {
      return roles;
    }
    problems.checkKeys(root, "", FILE_KEYS);
    if (root.path("version").asInt(-1) != 1) {
      problems.add("version", "missing or unknown (expected: 1)");
    }
    JsonNode named = root.path("roles");
    if (problems.isObject(named, "roles")) {
      for (Map.Entry<String, JsonNode> entry : named.properties()) {
        readRole(entry.getKey(), entry.getValue(), roles);
      }
    }
    return roles;
  }

  private void readRole(String name, JsonNode node, List<Role> into) {
    String place = "roles." + name;
    if (!problems.isObject(node, place)) {
      return;
    }
    problems.checkKeys(node, place, ROLE_KEYS);
    Map<String, String> match = readMatch(node.path("match"), place + ".match");
    String issuer = match.remove("issuer");
    JsonNode deny = node.path("deny");
    if (!deny.isMissingNode() && problems.isObject(deny, place + ".deny")) {
      problems.checkKeys(deny, place + ".deny", Set.of("publish", "subscribe"));
    }
    List<Template> clientIds = readNames(node.path("clientId"), place + ".clientId", match);
    if (clientIds.isEmpty()) {
      problems.add(
          place + ".clientId", "missing (expected: a list, for example [\"${subject.CN}\"])");
    }
    into.add(new Role(
        name,
        issuer == null ? "" : issuer,
        match,
        clientIds,
        readRules(node.path("publish"), place + ".publish", match, true),
        readRules(node.path("will"), place + ".will", match, true),
        readRules(node.path("subscribe"), place + ".subscribe", match, false),
        readRules(deny.path("publish"), place + ".deny.publish", match, false),
        readRules(deny.path("subscribe"), place + ".deny.subscribe", match, false),
        readNames(node.path("sharedGroups"), place + ".sharedGroups", match),
        LimitsReader.read(
            problems, node.path("limits"), place + ".limits", issuer == null ? "" : issuer)));
  }

  private Map<String, String> readMatch(JsonNode node, String place) {
    Map<String, String> match = new LinkedHashMap<>();
    if (!problems.isObject(node, place)) {
      return match;
    }
    problems.checkKeys(node, place, MATCH_KEYS);
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual()) {
        problems.add(place + "." + entry.getKey(), "not text (expected: a value, \"*\" or \"\")");
      } else {
        match.put(entry.getKey(), entry.getValue().textValue());
      }
    }
    match.keySet().retainAll(MATCH_KEYS);
    String issuer = match.getOrDefault("issuer", "");
    if (!ISSUERS.contains(issuer)) {
      problems.add(
          place + ".issuer",
          Quoted.of(issuer) + " (expected: " + PolicyProblems.sorted(ISSUERS) + ")");
    }
    return match;
  }

  private List<Role.Rule> readRules(
      JsonNode node, String place, Map<String, String> match, boolean mayRetain) {
    List<Role.Rule> rules = new ArrayList<>();
    if (!problems.isListOrAbsent(node, place)) {
      return rules;
    }
    for (int i = 0; i < node.size(); i++) {
      String at = place + "[" + i + "]";
      JsonNode entry = node.get(i);
      JsonNode topic = entry;
      boolean retain = false;
      if (entry.isObject() && mayRetain) {
        problems.checkKeys(entry, at, Set.of("topic", "retain"));
        topic = entry.path("topic");
        retain = readFlag(entry.path("retain"), at + ".retain");
      }
      if (!topic.isTextual()) {
        problems.add(
            at,
            "no topic (expected: a topic filter"
                + (mayRetain ? ", or {topic: ..., retain: true})" : ")"));
        continue;
      }
      addRule(new RuleText(at, topic.textValue(), retain), match, rules);
    }
    return rules;
  }

  private record RuleText(String place, String topic, boolean retain) {}

  private void addRule(RuleText rule, Map<String, String> match, List<Role.Rule> into) {
    try {
      Template template = new Template(rule.topic());
      OwnFilter filter = new OwnFilter(template);
      checkVariables(template, rule.place(), match);
      into.add(new Role.Rule(rule.place(), filter, rule.retain()));
    } catch (IllegalArgumentException e) {
      problems.add(rule.place(), String.valueOf(e.getMessage()));
    }
  }

  private List<Template> readNames(JsonNode node, String place, Map<String, String> match) {
    List<Template> names = new ArrayList<>();
    if (!problems.isListOrAbsent(node, place)) {
      return names;
    }
    for (int i = 0; i < node.size(); i++) {
      String at = place + "[" + i + "]";
      try {
        Template template = new Template(node.get(i).asText(""));
        int star = template.text().indexOf('*');
        if (template.text().isEmpty() || (star >= 0 && star != template.text().length() - 1)) {
          problems.add(at, Quoted.of(template.text()) + " (expected: text; a * only at its end)");
        }
        checkVariables(template, at, match);
        names.add(template);
      } catch (IllegalArgumentException e) {
        problems.add(at, String.valueOf(e.getMessage()));
      }
    }
    return names;
  }

  /** A variable is only of use where the role asks for the attribute; else it is a slip. */
  private void checkVariables(Template template, String place, Map<String, String> match) {
    for (String attribute : List.of("O", "OU")) {
      boolean asked = !match.getOrDefault(attribute, Role.NONE).equals(Role.NONE);
      if (template.variables().contains("subject." + attribute) && !asked) {
        problems.add(
            place,
            "uses ${subject." + attribute + "}, which the role does not ask for (expected: "
                + attribute + ": \"*\" or a value in its match)");
      }
    }
  }

  private boolean readFlag(JsonNode node, String place) {
    if (!node.isMissingNode() && !node.isBoolean()) {
      problems.add(place, node + " (expected: true or false)");
    }
    return node.asBoolean(false);
  }
}
