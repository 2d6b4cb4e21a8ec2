/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A token, and perhaps a key in it (RFC 7512). Of the attributes of the RFC, those that are here;
 * one that is not known is refused, as a token that is taken for another is shown a PIN that is not
 * its own.
 *
 * @param token its label; null, as the next three, if that is not told
 * @param object the key's label
 * @param module the library of the token's maker
 * @param pinSource a file that holds the user PIN
 */
record Pkcs11Uri(
    @Nullable String token,
    @Nullable String manufacturer,
    @Nullable String model,
    @Nullable String serial,
    OptionalLong slot,
    @Nullable String object,
    Path module,
    Path pinSource) {
  private static final String EXPECTED =
      "expected: pkcs11:token=LABEL;object=LABEL?module-path=/LIBRARY.so&pin-source=/FILE";

  private static final String SLOT = "slot-id";

  /** What tells tokens apart. */
  private static final List<String> OF_TOKENS =
      List.of("token", "manufacturer", "model", "serial", SLOT);

  private static final Set<String> KNOWN = Stream.concat(
          OF_TOKENS.stream(), Stream.of("object", "type", "module-path", "pin-source"))
      .collect(Collectors.toUnmodifiableSet());

  /** @throws IllegalArgumentException telling what is expected */
  static Pkcs11Uri parse(URI uri) {
    String[] parts = uri.getRawSchemeSpecificPart().split("\\?", 2);
    Map<String, String> attributes = new HashMap<>();
    read(uri, parts[0], ";", attributes);
    read(uri, parts.length < 2 ? "" : parts[1], "&", attributes);
    for (String name : attributes.keySet()) {
      if (!KNOWN.contains(name)) {
        throw wrong(
            uri,
            name.equals("pin-value")
                ? "pin-value shows the PIN to everybody"
                : name + ": not one of " + new TreeSet<>(KNOWN));
      }
    }
    if (OF_TOKENS.stream().noneMatch(attributes::containsKey)) {
      throw wrong(uri, "no token");
    }
    String slot = attributes.get(SLOT);
    if (!attributes.getOrDefault("type", "private").equals("private")) {
      throw wrong(uri, "type");
    }
    return new Pkcs11Uri(
        attributes.get("token"),
        attributes.get("manufacturer"),
        attributes.get("model"),
        attributes.get("serial"),
        slot == null ? OptionalLong.empty() : OptionalLong.of(number(uri, slot)),
        attributes.get("object"),
        module(uri, attributes.getOrDefault("module-path", "")),
        pinSource(uri, attributes.getOrDefault("pin-source", "")));
  }

  private static void read(URI uri, String text, String separator, Map<String, String> attributes) {
    for (String pair : text.split(separator)) {
      String[] sides = pair.split("=", 2);
      if (sides.length == 2) {
        String value = URLDecoder.decode(sides[1].replace("+", "%2B"), StandardCharsets.UTF_8);
        if (attributes.put(sides[0], value) != null) {
          throw wrong(uri, sides[0] + ": twice");
        }
      } else if (!pair.isEmpty()) {
        throw wrong(uri, pair);
      }
    }
  }

  private static long number(URI uri, String slot) {
    if (!slot.matches("[0-9]{1,18}")) {
      throw wrong(uri, "slot-id: a number");
    }
    return Long.parseLong(slot);
  }

  private static Path module(URI uri, String path) {
    // What the JDK's own reader of its PKCS#11 settings would take apart.
    if (!path.startsWith("/") || !path.matches("[^\\s\"'$#]+")) {
      throw wrong(uri, "module-path: an absolute path without spaces, quotes, $ and #");
    }
    return Path.of(path);
  }

  private static Path pinSource(URI uri, String source) {
    String path = source.startsWith("file:") ? source.substring("file:".length()) : source;
    if (!path.startsWith("/")) {
      throw wrong(uri, "pin-source: an absolute path");
    }
    return Path.of(path.startsWith("//") ? path.substring(2) : path);
  }

  private static IllegalArgumentException wrong(URI uri, String what) {
    String shown = uri.toString().replaceAll("pin-value=[^&;]*", "pin-value=(hidden)");
    return new IllegalArgumentException("key: " + shown + " (" + what + "; " + EXPECTED + ")");
  }

  /** Whether it says nothing of the token but where it is. */
  boolean isSlotAlone() {
    return slot.isPresent()
        && token == null
        && manufacturer == null
        && model == null
        && serial == null;
  }

  /** Whether a token is as all says that is said. */
  boolean means(TokenSlots.Token candidate) {
    return isOr(token, candidate.label())
        && isOr(manufacturer, candidate.manufacturer())
        && isOr(model, candidate.model())
        && isOr(serial, candidate.serial())
        && (slot.isEmpty() || slot.getAsLong() == candidate.slot());
  }

  private static boolean isOr(@Nullable String told, String is) {
    return told == null || told.equals(is);
  }

  /** Without the PIN's place: for messages. */
  String name() {
    StringJoiner name = new StringJoiner(";", "pkcs11:", "");
    add(name, "token", token);
    add(name, "manufacturer", manufacturer);
    add(name, "model", model);
    add(name, "serial", serial);
    slot.ifPresent(number -> add(name, SLOT, Long.toString(number)));
    return name.toString();
  }

  private static void add(StringJoiner name, String attribute, @Nullable String value) {
    if (value != null) {
      name.add(attribute + "=" + value);
    }
  }
}
