/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.settings;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Settings by dotted key, from a YAML file, the environment and flags, in rising order.
 *
 * <p>Each getter takes the default and notes what is wrong instead of throwing; {@link #finish}
 * then reports all problems together, among them keys that nobody asked for.
 */
public final class Settings {
  private static final Logger LOG = LoggerFactory.getLogger(Settings.class);
  /** Read by the launcher. */
  private static final Set<String> OTHER_VARIABLES = Set.of("MUSTER_JAVA_OPTS");

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,9})(ms|s|m|h|d)");

  private record Setting(String value, String origin) {}

  private final Map<String, Setting> settings = new LinkedHashMap<>();
  private final Map<String, String> environment;
  private final Map<String, String> flags;
  private final Set<String> known = new TreeSet<>();
  private final List<String> problems = new ArrayList<>();

  private Settings(Map<String, String> environment, Map<String, String> flags) {
    this.environment = Map.copyOf(environment);
    this.flags = Map.copyOf(flags);
    flags.forEach((key, value) -> settings.put(key, new Setting(value, "--set")));
  }

  /**
   * Reads the file, if there is one.
   *
   * @param flags settings by dotted key, as given on the command line
   * @throws InvalidSettingsException if the file is no YAML
   */
  public static Settings read(
      Path file, Map<String, String> environment, Map<String, String> flags) {
    Settings settings = new Settings(environment, flags);
    if (Files.exists(file)) {
      try {
        YAMLMapper mapper = YAMLMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();
        settings.flatten("", mapper.readTree(Files.readString(file)), file);
      } catch (JsonProcessingException e) {
        String place = e.getLocation() == null
            ? ""
            : ":" + e.getLocation().getLineNr() + ":" + e.getLocation().getColumnNr();
        throw new InvalidSettingsException(
            file + place + ": not readable as YAML (" + firstLine(e.getOriginalMessage()) + ")");
      } catch (IOException e) {
        throw new InvalidSettingsException(file + ": cannot be read (" + e.getMessage() + ")");
      }
    }
    return settings;
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse(text);
  }

  private void flatten(String prefix, JsonNode node, Path file) {
    if (node.isObject()) {
      node.properties()
          .forEach(entry -> flatten(
              prefix.isEmpty() ? entry.getKey() : prefix + "." + entry.getKey(),
              entry.getValue(),
              file));
    } else if (node.isArray()) {
      List<String> items = new ArrayList<>();
      node.forEach(item -> items.add(item.asText()));
      settings.putIfAbsent(prefix, new Setting(String.join(",", items), file.toString()));
    } else if (!node.isNull() && !node.isMissingNode()) {
      settings.putIfAbsent(prefix, new Setting(node.asText(), file.toString()));
    }
  }

  public String text(String key, String otherwise) {
    return get(key, otherwise, value -> value, "text");
  }

  public List<String> list(String key, List<String> otherwise) {
    return get(
        key,
        otherwise,
        value -> Pattern.compile(",")
            .splitAsStream(value)
            .map(String::trim)
            .filter(item -> !item.isEmpty())
            .toList(),
        "a list");
  }

  /** A TCP or UDP port; 0 lets the system pick one. */
  public int port(String key, int otherwise) {
    return integer(key, otherwise, 0, 65_535);
  }

  public boolean flag(String key, boolean otherwise) {
    return get(
        key,
        otherwise,
        value -> {
          if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException();
          }
          return value.equals("true");
        },
        "true or false");
  }

  public int integer(String key, int otherwise, int least, int most) {
    return get(
        key,
        otherwise,
        value -> {
          int number = Integer.parseInt(value);
          if (number < least || number > most) {
            throw new IllegalArgumentException();
          }
          return number;
        },
        "a number from " + least + " to " + most);
  }

  public Duration duration(String key, Duration otherwise, Duration least, Duration most) {
    return get(
        key,
        otherwise,
        value -> {
          Duration duration = parseDuration(value);
          if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
            throw new IllegalArgumentException();
          }
          return duration;
        },
        "a duration such as 30s, 5m, 12h or 30d, from " + print(least) + " to " + print(most));
  }

  /**
   * A value that has a type of its own; {@code parse} throws IllegalArgumentException with a
   * message that says why.
   */
  public <T> T value(String key, T otherwise, Function<String, T> parse, String expected) {
    return get(key, otherwise, parse, expected);
  }

  /** Whether somebody has given it a value, wherever. */
  public boolean isSet(String key) {
    return find(key) != null;
  }

  /** The names right below a key, for settings that a user names. */
  public Set<String> below(String key) {
    Set<String> names = new TreeSet<>();
    for (String candidate : settings.keySet()) {
      if (candidate.startsWith(key + ".")) {
        names.add(candidate.substring(key.length() + 1).split("\\.", 2)[0]);
      }
    }
    return names;
  }

  /** Makes a value of several settings, and notes what its constructor says against it. */
  public <T> Optional<T> check(String key, Supplier<T> value) {
    try {
      return Optional.of(value.get());
    } catch (IllegalArgumentException e) {
      problems.add(key + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Reports all that was found wrong. @throws InvalidSettingsException if anything was */
  public void finish() {
    for (Map.Entry<String, Setting> entry : settings.entrySet()) {
      if (!known.contains(entry.getKey())) {
        problems.add(entry.getKey() + ": unknown setting in " + entry.getValue().origin()
            + nearest(entry.getKey()));
      }
    }
    Set<String> variables = new TreeSet<>();
    known.forEach(key -> variables.add(variable(key)));
    // Only told: some container systems put variables of their own there, named after the service.
    environment.keySet().stream()
        .filter(name -> name.startsWith("MUSTER_")
            && !OTHER_VARIABLES.contains(name)
            && !variables.contains(name))
        .forEach(
            name -> LOG.warn("Setting unknown variable={} (expected: one of {})", name, variables));
    if (!problems.isEmpty()) {
      throw new InvalidSettingsException("the configuration has " + problems.size()
          + (problems.size() == 1 ? " problem" : " problems") + ":\n  "
          + String.join("\n  ", problems));
    }
  }

  private <T> T get(String key, T otherwise, Function<String, T> parse, String expected) {
    known.add(key);
    @Nullable Setting setting = find(key);
    if (setting == null) {
      return otherwise;
    }
    try {
      return parse.apply(setting.value());
    } catch (IllegalArgumentException e) {
      problems.add(key + ": " + Quoted.of(setting.value()) + " (expected: " + expected + "), from "
          + setting.origin());
      return otherwise;
    }
  }

  private @Nullable Setting find(String key) {
    String variable = variable(key);
    @Nullable String value = environment.get(variable);
    return value == null || flags.containsKey(key)
        ? settings.get(key)
        : new Setting(value, variable);
  }

  private String nearest(String key) {
    String last = key.substring(key.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return known.stream()
        .filter(candidate -> candidate.toLowerCase(Locale.ROOT).contains(last))
        .findFirst()
        .map(candidate -> " (did you mean " + candidate + "?)")
        .orElse("");
  }

  /**
   * {@code enrollment.certificateValidity} is {@code MUSTER_ENROLLMENT_CERTIFICATE_VALIDITY} in the
   * environment.
   */
  private static String variable(String key) {
    return "MUSTER_"
        + key.replace('.', '_').replaceAll("([a-z])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }

  /** @throws IllegalArgumentException unless a number with one of the units ms, s, m, h, d */
  public static Duration parseDuration(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "duration: " + Quoted.of(text) + " (expected: such as 30s, 5m, 12h or 30d)");
    }
    long amount = Long.parseLong(matcher.group(1));
    return switch (matcher.group(2)) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      case "h" -> Duration.ofHours(amount);
      default -> Duration.ofDays(amount);
    };
  }

  private static String print(Duration duration) {
    if (duration.toDays() > 0 && duration.equals(Duration.ofDays(duration.toDays()))) {
      return duration.toDays() + "d";
    }
    return duration.toSeconds() >= 3600 && duration.toSeconds() % 3600 == 0
        ? duration.toHours() + "h"
        : duration.toSeconds() + "s";
  }
}
