/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import dev.muster.protocol.identity.Quoted;
import dev.muster.protocol.topic.TopicFilter;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A text of the policy file with variables in it, for example {@code fleets/${subject.O}/#}. */
record Template(String text) {
  static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]*)}");
  static final String CLIENT_ID = "client.id";
  private static final Set<String> KNOWN =
      Set.of("subject.CN", "subject.O", "subject.OU", CLIENT_ID);

  /** @throws IllegalArgumentException if it names a variable that there is not */
  Template {
    for (String variable : variablesOf(text)) {
      if (!KNOWN.contains(variable)) {
        throw new IllegalArgumentException("variable: " + Quoted.of("${" + variable + "}")
            + " (expected: ${subject.CN}, ${subject.O}, ${subject.OU} or ${client.id})");
      }
    }
  }

  Set<String> variables() {
    return variablesOf(text);
  }

  /** @throws IllegalArgumentException unless every value of the variables would make a filter */
  void checkFilter() {
    TopicFilter.of(VARIABLE.matcher(text).replaceAll("x"));
  }

  /** Sets the variables; null if the subject lacks one, so that the rule does not apply. */
  @Nullable String resolve(ClientSubject subject, String clientId) {
    StringBuilder resolved = new StringBuilder();
    Matcher matcher = VARIABLE.matcher(text);
    while (matcher.find()) {
      String value = valueOf(matcher.group(1), subject, clientId);
      if (value == null) {
        return null;
      }
      matcher.appendReplacement(resolved, Matcher.quoteReplacement(value));
    }
    return matcher.appendTail(resolved).toString();
  }

  /** Whether a name is the resolved text, or begins with it where the text ends with {@code *}. */
  boolean admits(String name, ClientSubject subject) {
    String resolved = resolve(subject, name);
    if (resolved == null) {
      return false;
    }
    return resolved.endsWith("*")
        ? name.startsWith(resolved.substring(0, resolved.length() - 1))
        : name.equals(resolved);
  }

  private static @Nullable String valueOf(String variable, ClientSubject subject, String clientId) {
    return variable.equals(CLIENT_ID) ? clientId : subject.attribute(attributeOf(variable));
  }

  /** {@code CN} of {@code subject.CN}. */
  static String attributeOf(String variable) {
    return variable.substring("subject.".length());
  }

  private static Set<String> variablesOf(String text) {
    Set<String> variables = new LinkedHashSet<>();
    Matcher matcher = VARIABLE.matcher(text);
    while (matcher.find()) {
      variables.add(matcher.group(1));
    }
    return variables;
  }
}
