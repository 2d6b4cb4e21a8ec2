/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import dev.muster.enrollment.inventory.DeviceLabels;
import dev.muster.enrollment.inventory.DeviceSummary;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.file.CsvCell;
import dev.muster.protocol.identity.DeviceId;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Devices as lines of a file. */
enum DeviceTable {
  NDJSON("application/x-ndjson") {
    @Override
    String header() {
      return "";
    }

    @Override
    String line(JsonObject device) {
      return device.encode() + "\n";
    }
  },

  /** RFC 4180, and no cell that a spreadsheet would take for a formula. */
  CSV("text/csv; charset=utf-8") {
    @Override
    String header() {
      return String.join(",", COLUMNS) + "\r\n";
    }

    @Override
    String line(JsonObject device) {
      return COLUMNS.stream()
          .map(column -> cell(device.getValue(column)))
          .collect(Collectors.joining(",", "", "\r\n"));
    }
  };

  private static final List<String> COLUMNS = List.of(
      "id",
      "fleet",
      "status",
      "manufacturer",
      "serial",
      "enrolledAt",
      "certificateSerial",
      "certificateStatus",
      "notAfter",
      "renewBy",
      "online",
      "seenUntil",
      "tags",
      "groups");

  private final String contentType;

  DeviceTable(String contentType) {
    this.contentType = contentType;
  }

  String contentType() {
    return contentType;
  }

  /** What comes before the lines. */
  abstract String header();

  abstract String line(JsonObject device);

  /** A line for each, with its tags and groups. */
  Buffer lines(Registry.Tables tables, List<DeviceSummary> devices, DeviceJson json) {
    DeviceLabels labels = tables.labels();
    List<DeviceId> ids = devices.stream().map(one -> one.device().id()).toList();
    Map<DeviceId, SortedMap<String, String>> tags = labels.tagsOf(ids);
    Map<DeviceId, SortedSet<String>> groups = labels.groupsOf(ids);
    Buffer lines = Buffer.buffer();
    devices.forEach(one -> {
      DeviceId id = one.device().id();
      JsonObject own = new JsonObject();
      tags.getOrDefault(id, new TreeMap<>()).forEach(own::put);
      lines.appendString(line(json.summary(one)
          .put("tags", own)
          .put("groups", new JsonArray(List.copyOf(groups.getOrDefault(id, new TreeSet<>()))))));
    });
    return lines;
  }

  private static String cell(@Nullable Object value) {
    if (value == null) {
      return "";
    }
    if (value instanceof JsonObject tags) {
      return CsvCell.of(
          joined(tags.stream().map(tag -> tag.getKey() + "=" + tag.getValue()).toList()));
    }
    return CsvCell.of(value instanceof JsonArray groups ? joined(groups.getList()) : value);
  }

  private static String joined(Collection<?> parts) {
    return parts.stream().map(String::valueOf).collect(Collectors.joining(";"));
  }
}
