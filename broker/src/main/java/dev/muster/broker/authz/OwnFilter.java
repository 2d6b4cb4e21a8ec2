/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import dev.muster.protocol.topic.TopicFilter;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A topic filter of the policy file with the names of a client in it. It is split once, when the
 * file is read, and compared level by level with the names of whoever asks: a text for each rule of
 * each client would be a large part of what is kept of an idle one.
 *
 * <p>Says the same as the {@link TopicFilter} of the text; allocates nothing.
 */
final class OwnFilter {
  /** Whose names. */
  record Names(ClientSubject subject, String clientId) {}

  /** A piece of a level: a text, or a name, which has neither slash nor wildcard. */
  @FunctionalInterface
  private interface Part {
    @Nullable String of(Names names);
  }

  private static final String ONE = "+";
  private static final String ALL = "#";
  /** Where there is no further level. */
  private static final int NONE = -1;

  /** A level, which is a wildcard or is made of parts. */
  private static final class Level {
    private final @Nullable String wildcard;
    private final Part[] parts;

    Level(String text) {
      boolean isWildcard = text.equals(ONE) || text.equals(ALL);
      this.wildcard = isWildcard ? text : null;
      this.parts = isWildcard ? new Part[0] : parts(text);
    }

    boolean is(String text, int from, Names names) {
      int at = from;
      for (Part part : parts) {
        String one = part.of(names);
        if (one == null || !text.startsWith(one, at)) {
          return false;
        }
        at += one.length();
      }
      return wildcard == null && at == end(text, from);
    }
  }

  private final Template template;
  private final Level[] levels;

  /** @throws IllegalArgumentException unless every value of the variables would make a filter */
  OwnFilter(Template template) {
    template.checkFilter();
    this.template = template;
    this.levels = Stream.of(template.text().split("/", -1)).map(Level::new).toArray(Level[]::new);
  }

  private static Part[] parts(String level) {
    List<Part> parts = new ArrayList<>();
    Matcher variables = Template.VARIABLE.matcher(level);
    int from = 0;
    while (variables.find()) {
      String before = level.substring(from, variables.start());
      if (!before.isEmpty()) {
        parts.add(names -> before);
      }
      parts.add(name(variables.group(1)));
      from = variables.end();
    }
    String rest = level.substring(from);
    if (!rest.isEmpty()) {
      parts.add(names -> rest);
    }
    return parts.toArray(Part[]::new);
  }

  private static Part name(String variable) {
    if (variable.equals(Template.CLIENT_ID)) {
      return Names::clientId;
    }
    String attribute = Template.attributeOf(variable);
    return names -> names.subject().attribute(attribute);
  }

  /** Whether the client's subject has all of the names. */
  boolean appliesTo(Names names) {
    return template.resolve(names.subject(), names.clientId()) != null;
  }

  /** The filter of a client to whom it applies, as a text. */
  TopicFilter resolve(Names names) {
    return TopicFilter.of(String.valueOf(template.resolve(names.subject(), names.clientId())));
  }

  /** @see TopicFilter#matches */
  boolean matches(String topic, Names names) {
    if (topic.isEmpty() || topic.indexOf('+') >= 0 || topic.indexOf('#') >= 0) {
      return false;
    }
    return covers(topic, names);
  }

  /**
   * Whether every topic that a filter can match is matched by this, too.
   *
   * @see TopicFilter#covers
   */
  boolean covers(String asked, Names names) {
    // A wildcard at the root does not reach topics that begin with $ (MQTT 5, 4.7.2).
    if (asked.startsWith("$") && !levels[0].is(asked, 0, names)) {
      return false;
    }
    int its = 0;
    for (Level mine : levels) {
      if (ALL.equals(mine.wildcard)) {
        return true;
      }
      if (its == NONE || isAll(asked, its)) {
        return false;
      }
      if (mine.wildcard == null && !mine.is(asked, its, names)) {
        return false;
      }
      int end = end(asked, its);
      its = end == asked.length() ? NONE : end + 1;
    }
    return its == NONE;
  }

  private static boolean isAll(String text, int from) {
    return text.startsWith(ALL, from) && end(text, from) == from + 1;
  }

  private static int end(String text, int from) {
    int slash = text.indexOf('/', from);
    return slash < 0 ? text.length() : slash;
  }
}
