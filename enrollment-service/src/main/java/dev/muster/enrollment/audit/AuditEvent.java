/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import static java.util.Objects.requireNonNull;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Something that was done, or refused.
 *
 * @param action what, as {@code <thing>.<past participle>}: {@code certificate.issued}
 * @param object to whom: {@code device:<id>} wherever a device is concerned, so that its history is
 *     one query; else {@code manufacturer:<name>}, {@code certificate:<serial>}, {@code ca:<id>}
 * @param details what else an auditor asks for: serial numbers, reasons, before and after. No
 *     secrets. Of values beyond 300 characters the beginning is kept, and what they are told by
 *     from others that begin so.
 */
public record AuditEvent(
    Actor actor, String action, String object, SortedMap<String, String> details) {
  private static final int MAX_OBJECT = 128;
  private static final int MAX_VALUE = 300;
  private static final int MAX_REST = 110;

  public AuditEvent {
    requireNonNull(actor, "actor");
    requireNonNull(action, "action");
    // PostgreSQL has no place for that one character.
    object = cut(object.replace('\0', '\uFFFD'), MAX_OBJECT);
    SortedMap<String, String> copy = new TreeMap<>(details);
    copy.replaceAll((key, value) -> shortened(value));
    details = Collections.unmodifiableSortedMap(copy);
  }

  /** One without details, to be added with {@link #with}. */
  public static AuditEvent of(Actor actor, String action, String object) {
    return new AuditEvent(actor, action, object, new TreeMap<>());
  }

  /** The same with one detail more; nothing is added if {@code value} is null. */
  public AuditEvent with(String key, @Nullable Object value) {
    if (value == null) {
      return this;
    }
    SortedMap<String, String> more = new TreeMap<>(details);
    more.put(key, value.toString());
    return new AuditEvent(actor, action, object, more);
  }

  /** As it is kept: an entry that no row has room for would fail all that is written beside it. */
  static String shortened(String value) {
    return value.length() <= MAX_VALUE
        ? value
        : beginning(value, MAX_VALUE - MAX_REST)
            + "… (%d characters, SHA-256 %s)".formatted(value.length(), AuditChain.hash(value));
  }

  private static String cut(String text, int length) {
    return text.length() <= length ? text : beginning(text, length - 1) + "…";
  }

  /** Not half a character. */
  private static String beginning(String text, int length) {
    return text.substring(
        0, Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length);
  }
}
