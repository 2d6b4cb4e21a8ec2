/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import dev.muster.device.FleetDevice;
import dev.muster.protocol.topic.FleetTopics;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What the agent is told, in a file of properties.
 *
 * @param identityKey a file, or a URI of hardware; null with a claim token alone
 * @param identityChain null with a claim token alone
 * @param claimToken a file with it; null without one
 * @param interval between two looks at the sensors, unless the twin says another
 * @param statistics between two reports on the agent itself; zero if there shall be none
 * @param reboot the command that restarts the machine; empty if nobody may
 */
public record AgentConfig(
    URI enrollment,
    URI broker,
    Path trust,
    @Nullable URI identityKey,
    @Nullable Path identityChain,
    @Nullable Path claimToken,
    URI keys,
    Path state,
    String stream,
    Duration interval,
    Duration statistics,
    Path sys,
    List<String> reboot) {
  /** The least and the most that an interval may be. */
  static final Duration SHORTEST = Duration.ofSeconds(1);

  static final Duration LONGEST = Duration.ofDays(1);

  private static final Set<String> KNOWN = Set.of(
      "enrollment",
      "broker",
      "trust",
      "identity.key",
      "identity.chain",
      "claim.token",
      "keys",
      "state",
      "stream",
      "interval.seconds",
      "statistics.seconds",
      "sys",
      "reboot");

  public AgentConfig {
    reboot = List.copyOf(reboot);
  }

  /**
   * Reads a file.
   *
   * @throws IllegalArgumentException naming all that is wrong with it
   */
  public static AgentConfig read(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      properties.load(reader);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": cannot be read (" + e + ")", e);
    }
    Parser parser = new Parser(properties);
    AgentConfig config = parser.read();
    if (!parser.problems.isEmpty()) {
      throw new IllegalArgumentException(file + ": " + String.join("; ", parser.problems));
    }
    return config;
  }

  /** A device that is not started yet. */
  FleetDevice device() {
    FleetDevice.Builder builder = FleetDevice.builder()
        .enrollment(enrollment)
        .broker(broker)
        .trust(trust)
        .keys(keys)
        .stateDirectory(state);
    if (identityKey != null && identityChain != null) {
      builder.factoryIdentity(identityKey, identityChain);
    }
    if (claimToken != null) {
      builder.claimToken(claimToken);
    }
    return builder.build();
  }

  private static final class Parser {
    private static final URI NOWHERE = URI.create("nowhere:x");

    private final Properties properties;
    private final List<String> problems = new ArrayList<>();

    Parser(Properties properties) {
      this.properties = properties;
      Set<String> unknown = new TreeSet<>(properties.stringPropertyNames());
      unknown.removeAll(KNOWN);
      unknown.forEach(
          name -> problems.add(name + ": unknown (expected: one of " + new TreeSet<>(KNOWN) + ")"));
    }

    AgentConfig read() {
      boolean claims = isSet("claim.token");
      boolean identity = !claims || isSet("identity.key") || isSet("identity.chain");
      return new AgentConfig(
          uri("enrollment", null, "https://HOST:8443"),
          uri("broker", null, "mqtts://HOST:8883"),
          path("trust", null),
          identity ? key() : null,
          identity ? path("identity.chain", null) : null,
          claims ? path("claim.token", null) : null,
          uri("keys", "file:identity", "tpm:/dev/tpmrm0"),
          path("state", "/var/lib/muster-device"),
          stream(),
          interval(),
          statistics(),
          path("sys", "/sys"),
          words(properties.getProperty("reboot", "")));
    }

    private String text(String name, @Nullable String fallback) {
      String text =
          properties.getProperty(name, fallback == null ? "" : fallback).strip();
      if (text.isEmpty()) {
        problems.add(name + ": not set");
      }
      return text;
    }

    private boolean isSet(String name) {
      return !properties.getProperty(name, "").isBlank();
    }

    private Path path(String name, @Nullable String fallback) {
      return Path.of(text(name, fallback));
    }

    private URI uri(String name, @Nullable String fallback, String like) {
      String text = text(name, fallback);
      try {
        return text.isEmpty() ? NOWHERE : URI.create(text);
      } catch (IllegalArgumentException e) {
        problems.add(name + ": " + text + " (expected: like " + like + ")");
        return NOWHERE;
      }
    }

    /** A path is a file. */
    private URI key() {
      String text = properties.getProperty("identity.key", "").strip();
      return text.startsWith("/")
          ? Path.of(text).toUri()
          : uri("identity.key", null, "tpm:/dev/tpmrm0?handle=0x81020000");
    }

    private String stream() {
      String stream = properties.getProperty("stream", "sensors").strip();
      try {
        FleetTopics.checkName("stream", stream);
      } catch (IllegalArgumentException e) {
        problems.add(String.valueOf(e.getMessage()));
      }
      return stream;
    }

    private Duration interval() {
      String text = properties.getProperty("interval.seconds", "60").strip();
      if (text.matches("[0-9]{1,6}")) {
        Duration interval = Duration.ofSeconds(Integer.parseInt(text));
        if (isPossible(interval)) {
          return interval;
        }
      }
      problems.add("interval.seconds: " + text + " (expected: 1 to 86400)");
      return SHORTEST;
    }

    private Duration statistics() {
      String text = properties.getProperty("statistics.seconds", "300").strip();
      if (text.matches("[0-9]{1,5}") && Integer.parseInt(text) <= LONGEST.toSeconds()) {
        return Duration.ofSeconds(Integer.parseInt(text));
      }
      problems.add("statistics.seconds: " + text + " (expected: 0, for none, to 86400)");
      return LONGEST;
    }

    private static List<String> words(String text) {
      return text.isBlank() ? List.of() : List.of(text.strip().split("\\s+"));
    }
  }

  static boolean isPossible(Duration interval) {
    return interval.compareTo(SHORTEST) >= 0 && interval.compareTo(LONGEST) <= 0;
  }
}
