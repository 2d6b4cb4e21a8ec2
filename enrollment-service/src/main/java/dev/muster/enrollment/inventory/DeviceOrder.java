/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.Quoted;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * In which order devices are listed; those that are alike in it by their ids. Whoever lacks what it
 * is about comes last, either way.
 *
 * @param by what it is about
 * @param descending the greatest first
 */
public record DeviceOrder(By by, boolean descending) {
  /** As lists always are. */
  public static final DeviceOrder IDS = new DeviceOrder(By.ID, false);

  /** What an index is there for. */
  public enum By {
    ID("id"),
    /** Until when it was connected; whoever is, after all who were. */
    SEEN("seen_until"),
    /** When its newest live certificate ends. */
    ENDS("certificate_ends");

    private final String column;

    By(String column) {
      this.column = column;
    }
  }

  /**
   * Reads it.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static DeviceOrder parse(String text) {
    boolean descending = text.startsWith("-");
    return new DeviceOrder(
        switch (descending ? text.substring(1) : text) {
          case "id" -> By.ID;
          case "seen" -> By.SEEN;
          case "ends" -> By.ENDS;
          default ->
            throw new IllegalArgumentException("sort: " + Quoted.of(text)
                + " (expected: id, seen or ends; -id, -seen or -ends for the greatest first)");
        },
        descending);
  }

  /**
   * Where a device stands in an order.
   *
   * @param at null if it lacks what the order is about, or if that is the id
   */
  public record Place(@Nullable Instant at, DeviceId device) {
    /** As {@link #parsePlace} reads it. */
    public String text() {
      return (at == null ? "" : at.toString()) + "/" + device;
    }
  }

  /** @throws IllegalArgumentException if it is none of this order */
  public Place parsePlace(String text) {
    String[] parts = text.split("/", 2);
    try {
      boolean fits = parts[0].matches(by == By.ID ? "" : "([0-9]{4}-.*)?");
      if (fits && parts.length == 2 && DeviceId.isValid(parts[1])) {
        return new Place(
            parts[0].isEmpty() ? null : Instant.parse(parts[0]), new DeviceId(parts[1]));
      }
    } catch (DateTimeException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "after: " + Quoted.of(text) + " (expected: as \"next\" gave it, in the same order)");
  }

  /** Where a device of a list stands. */
  public Place place(DeviceSummary summary) {
    DeviceSummary.@Nullable Seen seen = summary.seen();
    @Nullable Instant at = switch (by) {
      case ID -> null;
      case SEEN -> seen == null ? null : Optional.ofNullable(seen.until()).orElse(Timely.STILL);
      case ENDS -> summary.certificateEnds();
    };
    return new Place(at, summary.device().id());
  }

  /** A stretch of an index: a page is read from one after the other, until it is full. */
  record Stretch(String condition, Map<String, Object> values) {}

  /** Each is a range of one index, which a database reads from its beginning as far as it must. */
  List<Stretch> stretches(Optional<Place> after) {
    String beyond = descending ? " < " : " > ";
    String device = after.map(place -> place.device().value()).orElse("");
    if (by == By.ID) {
      return List.of(
          after.isEmpty()
              ? new Stretch("d.id >= ''", Map.of())
              : new Stretch("d.id" + beyond + ":after", Map.of("after", device)));
    }
    String column = "d." + by.column;
    List<Stretch> stretches = new ArrayList<>();
    @Nullable Instant at = after.map(Place::at).orElse(null);
    if (after.isEmpty()) {
      stretches.add(new Stretch(column + " IS NOT NULL", Map.of()));
    } else if (at != null) {
      Map<String, Object> alike = new LinkedHashMap<>();
      alike.put("at", at);
      alike.put("after", device);
      stretches.add(new Stretch(column + " = :at AND d.id" + beyond + ":after", alike));
      stretches.add(new Stretch(column + beyond + ":at", Map.of("at", at)));
    }
    stretches.add(
        after.isEmpty() || at != null
            ? new Stretch(column + " IS NULL", Map.of())
            : new Stretch(
                column + " IS NULL AND d.id" + beyond + ":after", Map.of("after", device)));
    return stretches;
  }

  String column() {
    return "d." + by.column;
  }

  /** SQL to sort by, of two columns: what the order is about, and the id. */
  String by(String first, String id) {
    String way = descending ? " DESC" : "";
    return by == By.ID ? id + way : first + way + ", " + id + way;
  }
}
