/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bulk;

import dev.muster.enrollment.inventory.GroupName;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.issuance.RevocationReason;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;

/** What is to be done to each device of a job. */
public sealed interface BulkOrder {
  /** Tags to set, and names of tags to remove. */
  record Tags(List<Tag> set, List<String> remove) implements BulkOrder {
    public Tags {
      set = List.copyOf(set);
      remove = List.copyOf(remove);
    }
  }

  /** Groups to be put into, and to be taken out of. */
  record Groups(List<GroupName> add, List<GroupName> remove) implements BulkOrder {
    public Groups {
      add = List.copyOf(add);
      remove = List.copyOf(remove);
    }
  }

  /** Decommission. */
  record Retire() implements BulkOrder {}

  /** Revoke every live certificate; the device may enroll anew. */
  record Revoke(RevocationReason reason) implements BulkOrder {}

  /** In one word, as in the database and in JSON. */
  default String work() {
    if (this instanceof Tags) {
      return "tags";
    }
    if (this instanceof Groups) {
      return "groups";
    }
    return this instanceof Retire ? "retire" : "revoke";
  }

  /** Whether it decides who is trusted, and not only how devices are called. */
  default boolean touchesTrust() {
    return this instanceof Retire || this instanceof Revoke;
  }

  /** What {@link #of} reads. */
  default JsonObject details() {
    JsonObject json = new JsonObject();
    if (this instanceof Tags tags) {
      JsonObject set = new JsonObject();
      tags.set().forEach(tag -> set.put(tag.name(), tag.value()));
      json.put("set", set).put("remove", new JsonArray(tags.remove()));
    } else if (this instanceof Groups groups) {
      json.put("add", names(groups.add())).put("remove", names(groups.remove()));
    } else if (this instanceof Revoke revoke) {
      json.put("reason", revoke.reason().label());
    }
    return json;
  }

  private static JsonArray names(List<GroupName> groups) {
    return new JsonArray(groups.stream().map(GroupName::value).toList());
  }

  /** An order as it was kept. */
  static BulkOrder of(String work, JsonObject details) {
    return switch (work) {
      case "tags" ->
        new Tags(
            details.getJsonObject("set").stream()
                .map(tag -> new Tag(tag.getKey(), (String) tag.getValue()))
                .toList(),
            texts(details.getJsonArray("remove")));
      case "groups" ->
        new Groups(groups(details.getJsonArray("add")), groups(details.getJsonArray("remove")));
      case "retire" -> new Retire();
      case "revoke" -> new Revoke(RevocationReason.of(details.getString("reason")));
      default -> throw new IllegalStateException("work " + work);
    };
  }

  private static List<String> texts(JsonArray array) {
    return array.stream().map(String.class::cast).toList();
  }

  private static List<GroupName> groups(JsonArray array) {
    return texts(array).stream().map(GroupName::new).toList();
  }
}
