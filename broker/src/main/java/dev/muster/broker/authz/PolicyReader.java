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
import java.util.TreeSet;

/** Reads the tree of a policy file; goes on after a problem, so that all are reported together. */
final class PolicyReader {
  private static final int DEFAULT_PAYLOAD_BYTES = 128 * 1024;
  private static final int MAX_LIMIT = 16 * 1024 * 1024;
  private static final Set<String> FILE_KEYS = Set.of("version", "roles");
  private static final Set<String> ROLE_KEYS =
      Set.of("match", "clientId", "publish", "will", "subscribe", "deny", "sharedGroups", "limits");
  private static final Set<String> LIMIT_KEYS =
      Set.of("payloadBytes", "messagesPerSecond", "bytesPerSecond");
  private static final Set<String> MATCH_KEYS = Set.of("issuer", "CN", "O", "OU");
  private static final Set<String> ISSUERS =
      Set.of(ClientSubject.DEVICE_ISSUER, ClientSubject.SERVICE_ISSUER);

  private final List<String> problems = new ArrayList<>();

  List<String> problems() {
    return problems;
  }

  List<Role> read(JsonNode root) {
    List<Role> roles = new ArrayList<>();
    if (!isObject(root, "file")) {
      return roles;
    }
    checkKeys(root, "", FILE_KEYS);
    if (root.path("version").asInt(-1) != 1) {
      problem("version", "missing or unknown (expected: 1)");
    }
    JsonNode named = root.path("roles");
    if (isObject(named, "roles")) {
      for (Map.Entry<String, JsonNode> entry : named.properties()) {
        readRole(entry.getKey(), entry.getValue(), roles);
      }
    }
    return roles;
  }

  private void readRole(String name, JsonNode node, List<Role> into) {
    String place = "roles." + name;
    if (!isObject(node, place)) {
      return;
    }
    checkKeys(node, place, ROLE_KEYS);
    Map<String, String> match = readMatch(node.path("match"), place + ".match");
    String issuer = match.remove("issuer");
    JsonNode deny = node.path("deny");
    if (!deny.isMissingNode() && isObject(deny, place + ".deny")) {
      checkKeys(deny, place + ".deny", Set.of("publish", "subscribe"));
    }
    List<Template> clientIds = readNames(node.path("clientId"), place + ".clientId", match);
    if (clientIds.isEmpty()) {
      problem(place + ".clientId", "missing (expected: a list, for example [\"${subject.CN}\"])");
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
        readPayloadBytes(node.path("limits"), place + ".limits"),
        readRate(node.path("limits"), place + ".limits", issuer == null ? "" : issuer)));
  }

  private Map<String, String> readMatch(JsonNode node, String place) {
    Map<String, String> match = new LinkedHashMap<>();
    if (!isObject(node, place)) {
      return match;
    }
    checkKeys(node, place, MATCH_KEYS);
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!entry.getValue().isTextual()) {
        problem(place + "." + entry.getKey(), "not text (expected: a value, \"*\" or \"\")");
      } else {
        match.put(entry.getKey(), entry.getValue().textValue());
      }
    }
    match.keySet().retainAll(MATCH_KEYS);
    String issuer = match.getOrDefault("issuer", "");
    if (!ISSUERS.contains(issuer)) {
      problem(place + ".issuer", Quoted.of(issuer) + " (expected: " + sorted(ISSUERS) + ")");
    }
    return match;
  }

  private List<Role.Rule> readRules(
      JsonNode node, String place, Map<String, String> match, boolean mayRetain) {
    List<Role.Rule> rules = new ArrayList<>();
    if (!isListOrAbsent(node, place)) {
      return rules;
    }
    for (int i = 0; i < node.size(); i++) {
      String at = place + "[" + i + "]";
      JsonNode entry = node.get(i);
      JsonNode topic = entry;
      boolean retain = false;
      if (entry.isObject() && mayRetain) {
        checkKeys(entry, at, Set.of("topic", "retain"));
        topic = entry.path("topic");
        retain = readFlag(entry.path("retain"), at + ".retain");
      }
      if (!topic.isTextual()) {
        problem(
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
      template.checkFilter();
      checkVariables(template, rule.place(), match);
      into.add(new Role.Rule(rule.place(), template, rule.retain()));
    } catch (IllegalArgumentException e) {
      problem(rule.place(), String.valueOf(e.getMessage()));
    }
  }

  private List<Template> readNames(JsonNode node, String place, Map<String, String> match) {
    List<Template> names = new ArrayList<>();
    if (!isListOrAbsent(node, place)) {
      return names;
    }
    for (int i = 0; i < node.size(); i++) {
      String at = place + "[" + i + "]";
      try {
        Template template = new Template(node.get(i).asText(""));
        int star = template.text().indexOf('*');
        if (template.text().isEmpty() || (star >= 0 && star != template.text().length() - 1)) {
          problem(at, Quoted.of(template.text()) + " (expected: text; a * only at its end)");
        }
        checkVariables(template, at, match);
        names.add(template);
      } catch (IllegalArgumentException e) {
        problem(at, String.valueOf(e.getMessage()));
      }
    }
    return names;
  }

  /** A variable is only of use where the role asks for the attribute; else it is a slip. */
  private void checkVariables(Template template, String place, Map<String, String> match) {
    for (String attribute : List.of("O", "OU")) {
      boolean asked = !match.getOrDefault(attribute, Role.NONE).equals(Role.NONE);
      if (template.variables().contains("subject." + attribute) && !asked) {
        problem(
            place,
            "uses ${subject." + attribute + "}, which the role does not ask for (expected: "
                + attribute + ": \"*\" or a value in its match)");
      }
    }
  }

  private int readPayloadBytes(JsonNode limits, String place) {
    if (!limits.isMissingNode() && isObject(limits, place)) {
      checkKeys(limits, place, LIMIT_KEYS);
    }
    return readLimit(
        limits.path("payloadBytes"), place + ".payloadBytes", 1, DEFAULT_PAYLOAD_BYTES);
  }

  /** 0 takes a limit away. */
  private RateLimit readRate(JsonNode limits, String place, String issuer) {
    boolean device = ClientSubject.DEVICE_ISSUER.equals(issuer);
    RateLimit otherwise = device ? RateLimit.DEVICE : RateLimit.NONE;
    return new RateLimit(
        readLimit(
            limits.path("messagesPerSecond"),
            place + ".messagesPerSecond",
            0,
            otherwise.messagesPerSecond()),
        readLimit(
            limits.path("bytesPerSecond"),
            place + ".bytesPerSecond",
            0,
            otherwise.bytesPerSecond()));
  }

  private int readLimit(JsonNode value, String place, int least, int otherwise) {
    boolean valid = value.isInt() && value.intValue() >= least && value.intValue() <= MAX_LIMIT;
    if (!value.isMissingNode() && !valid) {
      problem(place, value + " (expected: " + least + " to " + MAX_LIMIT + ")");
    }
    return valid ? value.intValue() : otherwise;
  }

  private boolean readFlag(JsonNode node, String place) {
    if (!node.isMissingNode() && !node.isBoolean()) {
      problem(place, node + " (expected: true or false)");
    }
    return node.asBoolean(false);
  }

  private void checkKeys(JsonNode node, String place, Set<String> known) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (!known.contains(entry.getKey())) {
        String at = place.isEmpty() ? entry.getKey() : place + "." + entry.getKey();
        problem(at, "unknown key (expected: " + sorted(known) + ")");
      }
    }
  }

  private boolean isObject(JsonNode node, String place) {
    if (!node.isObject()) {
      problem(place, (node.isMissingNode() ? "missing" : "wrong type") + " (expected: a mapping)");
    }
    return node.isObject();
  }

  private boolean isListOrAbsent(JsonNode node, String place) {
    if (!node.isMissingNode() && !node.isArray()) {
      problem(place, "wrong type (expected: a list)");
    }
    return node.isArray();
  }

  private void problem(String place, String what) {
    problems.add(place + ": " + what);
  }

  private static String sorted(Set<String> names) {
    return String.join(", ", new TreeSet<>(names));
  }
}
