/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.Connected;
import dev.muster.enrollment.inventory.DeviceFilter;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.Span;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.inventory.Timely;
import dev.muster.enrollment.inventory.Within;
import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which devices somebody looks for, in words: {@code fleet:plant-a status:active seen<1h
 * cert.expires<30d tag:site=berlin pump-}. Each word is a parameter of the API, too; either way, a
 * device must be as all of them say.
 */
final class DeviceQuery {
  private static final String WORDS = "q";
  private static final String PREFIX = "prefix";
  private static final String TAG = "tag";
  private static final String SEEN = "seen";
  private static final String CERTIFICATE_ENDS = "cert.expires";
  private static final String RENEWAL = "renewal";
  private static final List<String> ONCE =
      List.of(PREFIX, "fleet", "status", "group", "manufacturer", "is", RENEWAL);
  /** What may be said again, of something else. */
  private static final List<String> AGAIN = List.of(TAG, SEEN, CERTIFICATE_ENDS);

  private static final Set<String> SPANS = Set.of(SEEN, CERTIFICATE_ENDS);

  private static final int MAX_LENGTH = 2_000;
  /** What stands in quotes is one word. */
  private static final Pattern WORD = Pattern.compile("(?:\"[^\"]*\"|[^\\s\"])+");

  private static final Pattern NAMED = Pattern.compile("([^:<>]*)(:|(?=[<>]))(.*)", Pattern.DOTALL);

  private final Map<String, List<String>> values = new LinkedHashMap<>();

  private DeviceQuery() {}

  /**
   * Reads it.
   *
   * @param parameters the values of a name
   * @throws IllegalArgumentException if somebody should say it otherwise
   */
  static DeviceQuery read(Function<String, List<String>> parameters) {
    DeviceQuery query = new DeviceQuery();
    for (List<String> names : List.of(ONCE, AGAIN)) {
      names.forEach(name -> parameters.apply(name).forEach(value -> query.add(name, value)));
    }
    parameters.apply(WORDS).forEach(query::addWords);
    return query;
  }

  private void addWords(String text) {
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          WORDS + ": " + text.length() + " characters (expected: at most " + MAX_LENGTH + ")");
    }
    if (text.chars().filter(character -> character == '"').count() % 2 != 0) {
      throw new IllegalArgumentException(WORDS + ": a quote is not closed (expected: \"…\")");
    }
    Matcher words = WORD.matcher(text);
    while (words.find()) {
      addWord(words.group().replace("\"", ""));
    }
  }

  private void addWord(String word) {
    Matcher named = NAMED.matcher(word);
    String beginning = word.toLowerCase(Locale.ROOT);
    if (named.matches() && isName(named.group(1), named.group(2))) {
      add(named.group(1), named.group(3));
    } else if (DeviceId.isValid(beginning)) {
      add(PREFIX, beginning);
    } else {
      throw new IllegalArgumentException(WORDS + ": " + Quoted.of(word)
          + " (expected: fleet:, status:, group:, manufacturer:, tag:NAME=VALUE, is:online, seen<1h,"
          + " cert.expires<30d, renewal:overdue, or how an id begins)");
    }
  }

  private static boolean isName(String name, String sign) {
    return SPANS.contains(name)
        || !sign.isEmpty() && !name.equals(PREFIX) && (ONCE.contains(name) || AGAIN.contains(name));
  }

  private void add(String name, String value) {
    List<String> before = values.computeIfAbsent(name, unheard -> new ArrayList<>());
    if (!before.isEmpty() && ONCE.contains(name)) {
      throw new IllegalArgumentException(
          (name.equals(PREFIX) ? "how an id begins" : name) + ": " + Quoted.of(before.get(0))
              + " and " + Quoted.of(value) + " (expected: once, as a device must be as all says)");
    }
    before.add(value);
  }

  /** @throws IllegalArgumentException if a value is none */
  DeviceFilter filter(Within within) {
    return new DeviceFilter(
        once("fleet").map(FleetName::new),
        once("status").map(DeviceStatus::of),
        all(TAG).stream().map(Tag::parse).toList(),
        once("group").map(GroupName::new),
        once(PREFIX),
        once("manufacturer"),
        new Timely(
            once("is").map(Connected::of),
            spans(SEEN),
            spans(CERTIFICATE_ENDS),
            once(RENEWAL).map(DeviceQuery::overdue).isPresent()),
        within);
  }

  private static String overdue(String text) {
    if (!text.equals("overdue")) {
      throw new IllegalArgumentException(RENEWAL + ": " + Quoted.of(text) + " (expected: overdue)");
    }
    return text;
  }

  private List<Span> spans(String name) {
    return all(name).stream().map(text -> Span.parse(name, text)).toList();
  }

  private Optional<String> once(String name) {
    return all(name).stream().findFirst();
  }

  private List<String> all(String name) {
    return values.getOrDefault(name, List.of());
  }
}
