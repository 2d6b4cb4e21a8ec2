/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What {@code /.well-known/core} tells (RFC 6690; RFC 9148, 4.1). */
final class Discovery {
  private Discovery() {}

  /**
   * @param query the Uri-Query options: links that match all of them are listed
   * @return links in the shortest form in which they are served
   */
  static byte[] links(Predicate<EstCoapsResource> served, List<String> query) {
    return Arrays.stream(EstCoapsResource.values())
        .filter(served)
        .filter(resource -> query.stream().allMatch(one -> matches(resource, one)))
        .map(Discovery::link)
        .collect(Collectors.joining(","))
        .getBytes(UTF_8);
  }

  private static String link(EstCoapsResource resource) {
    String formats = resource.formats();
    return "<" + path(resource) + ">;rt=\"" + type(resource) + "\";ct="
        + (formats.contains(" ") ? '"' + formats + '"' : formats);
  }

  private static String path(EstCoapsResource resource) {
    return "/est/" + resource.segment();
  }

  private static String type(EstCoapsResource resource) {
    return "ace.est." + resource.segment();
  }

  /** One attribute and its value, of which an asterisk at the end leaves the rest open (4.1). */
  private static boolean matches(EstCoapsResource resource, String query) {
    int equals = query.indexOf('=');
    if (equals < 0) {
      return false;
    }
    String wanted = query.substring(equals + 1);
    List<String> values = switch (query.substring(0, equals)) {
      case "rt" -> List.of(type(resource));
      case "href" -> List.of(path(resource));
      case "ct" -> List.of(resource.formats().split(" "));
      default -> List.of();
    };
    return values.stream()
        .anyMatch(value -> wanted.endsWith("*")
            ? value.startsWith(wanted.substring(0, wanted.length() - 1))
            : value.equals(wanted));
  }
}
