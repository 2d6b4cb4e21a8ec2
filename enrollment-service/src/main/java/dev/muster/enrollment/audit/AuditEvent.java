/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.audit;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Something that was done, or refused.
 *
 * @param action what, as {@code <thing>.<past participle>}: {@code certificate.issued}
 * @param object to whom: {@code device:<id>} wherever a device is concerned, so that its history is
 *     one query; else {@code manufacturer:<name>}, {@code certificate:<serial>}, {@code ca:<id>}
 * @param details what else an auditor asks for: serial numbers, reasons, before and after. No
 *     secrets. Values beyond 500 characters are cut.
 */
public record AuditEvent(
    Actor actor, String action, String object, SortedMap<String, String> details) {
  private static final int MAX_VALUE = 500;

  public AuditEvent {
    requireNonNull(actor, "actor");
    requireNonNull(action, "action");
    requireNonNull(object, "object");
    TreeMap<String, String> cut = new TreeMap<>();
    details.forEach((key, value) ->
        cut.put(key, value.length() > MAX_VALUE ? value.substring(0, MAX_VALUE) + "…" : value));
    details = java.util.Collections.unmodifiableSortedMap(cut);
  }

  /** One without details, to be added with {@link #with}. */
  public static AuditEvent of(Actor actor, String action, String object) {
    return new AuditEvent(actor, action, object, new TreeMap<>(Map.of()));
  }

  /** The same with one detail more; nothing is added if {@code value} is null. */
  public AuditEvent with(String key, @org.jspecify.annotations.Nullable Object value) {
    if (value == null) {
      return this;
    }
    TreeMap<String, String> more = new TreeMap<>(details);
    more.put(key, value.toString());
    return new AuditEvent(actor, action, object, more);
  }
}
