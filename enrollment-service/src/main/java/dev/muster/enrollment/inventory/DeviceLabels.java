/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import dev.muster.enrollment.sql.Sql;
import dev.muster.enrollment.sql.SqlStatement;
import dev.muster.protocol.identity.DeviceId;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Tags and groups of devices. */
public final class DeviceLabels {
  private final Sql sql;

  DeviceLabels(Sql sql) {
    this.sql = sql;
  }

  /** The tags of a device. */
  public SortedMap<String, String> tags(DeviceId device) {
    SortedMap<String, String> tags = new TreeMap<>();
    sql.statement("SELECT name, tag_value FROM device_tag WHERE device = :device")
        .bind("device", device.value())
        .list(row -> new Tag(row.getString("name"), row.getString("tag_value")))
        .forEach(tag -> tags.put(tag.name(), tag.value()));
    return tags;
  }

  /** The tags of some devices; those without any are left out. */
  public Map<DeviceId, SortedMap<String, String>> tagsOf(Collection<DeviceId> devices) {
    Map<DeviceId, SortedMap<String, String>> tags = new HashMap<>();
    of("SELECT device, name, tag_value FROM device_tag", devices)
        .list(row -> Map.entry(
            new DeviceId(row.getString("device")),
            new Tag(row.getString("name"), row.getString("tag_value"))))
        .forEach(one -> tags.computeIfAbsent(one.getKey(), unheard -> new TreeMap<>())
            .put(one.getValue().name(), one.getValue().value()));
    return tags;
  }

  /** The groups that some devices are in; those that are in none are left out. */
  public Map<DeviceId, SortedSet<String>> groupsOf(Collection<DeviceId> devices) {
    Map<DeviceId, SortedSet<String>> groups = new HashMap<>();
    of("SELECT device, name FROM device_group", devices)
        .list(row -> Map.entry(new DeviceId(row.getString("device")), row.getString("name")))
        .forEach(one ->
            groups.computeIfAbsent(one.getKey(), unheard -> new TreeSet<>()).add(one.getValue()));
    return groups;
  }

  private SqlStatement of(String select, Collection<DeviceId> devices) {
    return sql.statement(select + " WHERE device = ANY(CAST(:devices AS VARCHAR ARRAY))")
        .bindTexts("devices", devices.stream().map(DeviceId::value).toList());
  }

  /** Gives the device a tag, in place of one of the same name. */
  public void tag(DeviceId device, Tag tag) {
    untag(device, tag.name());
    sql.statement(
            "INSERT INTO device_tag (device, name, tag_value)" + " VALUES (:device, :name, :value)")
        .bind("device", device.value())
        .bind("name", tag.name())
        .bind("value", tag.value())
        .execute();
  }

  public void untag(DeviceId device, String name) {
    sql.statement("DELETE FROM device_tag WHERE device = :device AND name = :name")
        .bind("device", device.value())
        .bind("name", name)
        .execute();
  }

  /** The groups that a device is in, by name. */
  public List<GroupName> groups(DeviceId device) {
    return sql.statement("SELECT name FROM device_group WHERE device = :device ORDER BY name")
        .bind("device", device.value())
        .list(row -> new GroupName(row.getString("name")));
  }

  /** Puts the device into a group; it may be there already. */
  public void join(DeviceId device, GroupName group) {
    leave(device, group);
    sql.statement("INSERT INTO device_group (device, name) VALUES (:device, :name)")
        .bind("device", device.value())
        .bind("name", group.value())
        .execute();
  }

  public void leave(DeviceId device, GroupName group) {
    sql.statement("DELETE FROM device_group WHERE device = :device AND name = :name")
        .bind("device", device.value())
        .bind("name", group.value())
        .execute();
  }

  /** All groups, each with the number of its devices. */
  public SortedMap<String, Integer> groupSizes() {
    SortedMap<String, Integer> sizes = new TreeMap<>();
    sql.statement("SELECT name, COUNT(*) AS devices FROM device_group GROUP BY name")
        .list(row -> Map.entry(row.getString("name"), row.getInt("devices")))
        .forEach(entry -> sizes.put(entry.getKey(), entry.getValue()));
    return sizes;
  }
}
