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
 *     secrets. Values beyond 300 characters are cut.
 */
public record AuditEvent(
    Actor actor, String action, String object, SortedMap<String, String> details) {
  private static final int MAX_OBJECT = 128;
  private static final int MAX_VALUE = 300;

  public AuditEvent {
    requireNonNull(actor, "actor");
    requireNonNull(action, "action");
    object = cut(object, MAX_OBJECT);
    SortedMap<String, String> copy = new TreeMap<>();
    details.forEach((key, value) -> copy.put(key, cut(value, MAX_VALUE)));
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

  private static String cut(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length - 1) + "…";
  }
}
