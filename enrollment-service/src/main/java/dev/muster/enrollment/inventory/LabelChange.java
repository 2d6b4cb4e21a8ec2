/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Tags and groups as the audit log tells of them. */
public final class LabelChange {
  private LabelChange() {}

  /** Of the tags before a change, those that it is about. */
  public static String tagsBefore(
      Map<String, String> before, Collection<Tag> set, Collection<String> removed) {
    return listed(Stream.concat(set.stream().map(Tag::name), removed.stream())
        .distinct()
        .filter(before::containsKey)
        .map(name -> name + "=" + before.get(name))
        .toList());
  }

  /** Tags as somebody writes them. */
  public static String tags(Collection<Tag> tags) {
    return listed(tags.stream().map(tag -> tag.name() + "=" + tag.value()).toList());
  }

  /** One after the other. */
  public static String listed(Collection<?> values) {
    return values.stream().map(Object::toString).collect(Collectors.joining(","));
  }
}
