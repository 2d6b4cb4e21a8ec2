/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Which devices are meant: those that everything given here is true of.
 *
 * @param tags the rarest should come first, because the search begins with it
 * @param prefix what the id begins with
 * @param manufacturer its name
 * @param timely how long ago it was connected, how soon its certificate ends
 * @param within whatever else is asked for, of these fleets
 */
public record DeviceFilter(
    Optional<FleetName> fleet,
    Optional<DeviceStatus> status,
    List<Tag> tags,
    Optional<GroupName> group,
    Optional<String> prefix,
    Optional<String> manufacturer,
    Timely timely,
    Within within) {
  /** All of them. */
  public static final DeviceFilter NONE = new DeviceFilter(
      Optional.empty(),
      Optional.empty(),
      List.of(),
      Optional.empty(),
      Optional.empty(),
      Optional.empty(),
      Timely.ANY,
      Within.ALL);

  /** Whenever, and of whatever fleets. */
  public DeviceFilter(
      Optional<FleetName> fleet,
      Optional<DeviceStatus> status,
      List<Tag> tags,
      Optional<GroupName> group,
      Optional<String> prefix,
      Optional<String> manufacturer) {
    this(fleet, status, tags, group, prefix, manufacturer, Timely.ANY, Within.ALL);
  }

  public DeviceFilter {
    tags = tags.stream().distinct().toList();
    if (tags.size() > Tag.MAX) {
      throw new IllegalArgumentException(
          "tag: " + tags.size() + " (expected: at most " + Tag.MAX + ", as a device can have)");
    }
    prefix.ifPresent(beginning -> {
      if (!DeviceId.isValid(beginning)) {
        throw new IllegalArgumentException("prefix: " + Quoted.of(beginning)
            + " (expected: what the id of a device may begin with)");
      }
    });
  }

  /**
   * SQL about {@code device d}. The page is read along one index, that of the order, from where it
   * begins: a database that joined and sorted first would do so with the whole fleet.
   *
   * @param from where the page begins; the others follow
   */
  record Clauses(
      String join, String from, String conditions, String order, Map<String, Object> values) {}

  /** Along the index of ids. */
  private static final String ALONG = "d.id > :after";

  /** @param now from when times are counted */
  Clauses clauses(Instant now) {
    Map<String, Object> values = new LinkedHashMap<>();
    List<String> order = new ArrayList<>();
    StringBuilder conditions = conditions(now, values, order);
    if (group.isPresent()) {
      conditions.append(tagged(0));
      return new Clauses(
          " JOIN device_group g ON g.device = d.id AND g.name = :group AND g.device > :after",
          ALONG,
          conditions.toString(),
          "g.name, g.device",
          values);
    }
    if (!tags.isEmpty()) {
      conditions.append(tagged(1));
      return new Clauses(
          " JOIN device_tag t0 ON t0.device = d.id AND t0.name = :tag0 AND t0.tag_value = :value0"
              + " AND t0.device > :after",
          ALONG,
          conditions.toString(),
          "t0.name, t0.tag_value, t0.device",
          values);
    }
    return new Clauses("", ALONG, conditions.toString(), String.join(", ", order), values);
  }

  /** As {@link #clauses}, along the ids, by the index that has all that is asked about the row. */
  Clauses clausesAlong(Instant now) {
    return unjoined(ALONG, now);
  }

  /** As {@link #clauses}, of a few devices, {@code :few}, among which all are found. */
  Clauses clausesAmong(Instant now) {
    return clausesAlong(ALONG, true, now);
  }

  /**
   * As {@link #clauses}, along whatever index a condition is about, or of a few devices,
   * {@code :few}.
   */
  Clauses clausesAlong(String condition, boolean few, Instant now) {
    return unjoined(
        few ? "d.id = ANY(CAST(:few AS VARCHAR ARRAY)) AND (" + condition + ") IS TRUE" : condition,
        now);
  }

  /** What IS TRUE, is asked of each row, whatever indexes there are: one alone is to be used. */
  private Clauses unjoined(String from, Instant now) {
    Map<String, Object> values = new LinkedHashMap<>();
    StringBuilder conditions = new StringBuilder(" AND (TRUE")
        .append(conditions(now, values, new ArrayList<>()))
        .append(") IS TRUE");
    if (group.isPresent()) {
      conditions.append(
          " AND EXISTS (SELECT 1 FROM device_group g WHERE g.device = d.id AND g.name = :group)");
    }
    conditions.append(tagged(0));
    return new Clauses("", from, conditions.toString(), "d.id", values);
  }

  /** The ids of all devices that are as one thing says that an index knows. */
  record Narrowing(String ids, Map<String, ?> values) {}

  /** Those that may be worth a try, if times are asked about. */
  List<Narrowing> narrowings(Instant now) {
    return timely.equals(Timely.ANY) ? List.of() : narrowingsOf(now);
  }

  /** Those that may be worth a try, if the order is another than that of the ids. */
  List<Narrowing> narrowingsOf(Instant now) {
    List<Narrowing> narrowings = new ArrayList<>();
    timely
        .conditions(now)
        .forEach(condition -> narrowings.add(new Narrowing(
            "SELECT d.id FROM device d WHERE TRUE" + condition.sql(), condition.values())));
    fleet.ifPresent(name -> narrowings.add(new Narrowing(
        "SELECT d.id FROM device d WHERE d.fleet = :fleet", Map.of("fleet", name.value()))));
    status.ifPresent(one -> narrowings.add(new Narrowing(
        "SELECT d.id FROM device d WHERE d.status = :status", Map.of("status", one.label()))));
    group.ifPresent(name -> narrowings.add(new Narrowing(
        "SELECT g.device FROM device_group g WHERE g.name = :group",
        Map.of("group", name.value()))));
    tags.forEach(tag -> narrowings.add(new Narrowing(
        "SELECT t.device FROM device_tag t WHERE t.name = :tag AND t.tag_value = :value",
        Map.of("tag", tag.name(), "value", tag.value()))));
    return narrowings;
  }

  /** Those about the row of the device, and what is bound in all there are. */
  private StringBuilder conditions(Instant now, Map<String, Object> values, List<String> order) {
    StringBuilder conditions = new StringBuilder();
    fleet.ifPresent(name -> {
      conditions.append(" AND d.fleet = :fleet");
      values.put("fleet", name.value());
      order.add("d.fleet");
    });
    status.ifPresent(one -> {
      conditions.append(" AND d.status = :status");
      values.put("status", one.label());
      order.add("d.status");
    });
    manufacturer.ifPresent(name -> {
      conditions.append(" AND d.manufacturer = :manufacturer");
      values.put("manufacturer", name);
      if (order.isEmpty()) {
        order.add("d.manufacturer"); // No index has it behind the fleet or the status alone.
      }
    });
    order.add("d.id");
    conditions.append(within.and("d.fleet"));
    values.putAll(within.values());
    prefix.ifPresent(beginning -> {
      conditions.append(" AND d.id LIKE :prefix");
      values.put("prefix", beginning.replace("_", "\\_") + "%");
    });
    timely.conditions(now).forEach(condition -> {
      conditions.append(condition.sql());
      values.putAll(condition.values());
    });
    group.ifPresent(name -> values.put("group", name.value()));
    for (int i = 0; i < tags.size(); i++) {
      values.put("tag" + i, tags.get(i).name());
      values.put("value" + i, tags.get(i).value());
    }
    return conditions;
  }

  private String tagged(int from) {
    return IntStream.range(from, tags.size())
        .mapToObj(i -> " AND EXISTS (SELECT 1 FROM device_tag t WHERE t.device = d.id"
            + " AND t.name = :tag" + i + " AND t.tag_value = :value" + i + ")")
        .collect(Collectors.joining());
  }
}
