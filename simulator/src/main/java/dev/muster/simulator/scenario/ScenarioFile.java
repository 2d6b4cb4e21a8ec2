/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import dev.muster.protocol.identity.Quoted;
import dev.muster.simulator.payload.Payload;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * A scenario as a file says it. What the file leaves out is null.
 *
 * @param messagesPerSecond of each device
 * @param server a command that starts it
 * @param text of the file
 */
public record ScenarioFile(
    Scenario scenario,
    @Nullable Integer devices,
    @Nullable Double messagesPerSecond,
    @Nullable Payload payload,
    @Nullable String server,
    @Nullable String text) {
  private static final Set<String> KEYS =
      Set.of("name", "devices", "rate", "payload", "server", "phases", "expect");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+):-([^{}]*)}");
  private static final Set<String> EXPECTATIONS = Set.of(
      "undisturbed-p99",
      "longest-gap",
      "back-online",
      "offline-at-end",
      "heap-growth",
      "thread-growth",
      "file-growth",
      "store-growth",
      "undone");

  /** What it runs on this machine: whoever starts it should have read that. */
  public List<String> commands() {
    Stream<String> hooks = scenario.phases().stream()
        .filter(Phase.Hook.class::isInstance)
        .map(Phase.Hook.class::cast)
        .flatMap(hook -> Stream.of(hook.begin(), hook.end()));
    return Stream.concat(Stream.of(server), hooks).filter(Objects::nonNull).toList();
  }

  /**
   * Reads a file. All that is wrong with it is told at once, each with its line and column.
   *
   * @throws IllegalArgumentException a line for each problem
   */
  public static ScenarioFile read(Path file) {
    try {
      return parse(Files.readString(file), file);
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(file + ": does not exist", e);
    } catch (AccessDeniedException e) {
      throw new IllegalArgumentException(file + ": cannot be read (permission denied)", e);
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(file + ": is no text (expected: YAML in UTF-8)", e);
    } catch (IOException e) {
      throw new IllegalArgumentException(file + ": cannot be read (" + e.getMessage() + ")", e);
    }
  }

  static ScenarioFile parse(String text, Path file) {
    return parse(text, file, System.getenv());
  }

  /** @param environment for values that may come from there */
  static ScenarioFile parse(String text, Path file, Map<String, String> environment) {
    Reader reader = new Reader(file, environment);
    ScenarioFile read = reader.file(compose(text, file), text);
    if (read == null || !reader.problems.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", reader.problems));
    }
    return read;
  }

  private static @Nullable Node compose(String text, Path file) {
    try {
      return new Yaml(new LoaderOptions()).compose(new StringReader(text));
    } catch (MarkedYAMLException e) {
      String at = e.getProblemMark() == null
          ? ""
          : ":" + (e.getProblemMark().getLine() + 1) + ":" + (e.getProblemMark().getColumn() + 1);
      throw new IllegalArgumentException(
          file + at + ": no YAML: " + e.getProblem()
              + " (expected: indented by spaces, each bracket and quote closed)",
          e);
    } catch (YAMLException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  /** Turns nodes into values, and notes what does not fit. */
  private static final class Reader {
    private final Path file;
    private final Map<String, String> environment;
    private final List<String> problems = new ArrayList<>();

    Reader(Path file, Map<String, String> environment) {
      this.file = file;
      this.environment = environment;
    }

    @Nullable ScenarioFile file(@Nullable Node root, String text) {
      if (!(root instanceof MappingNode map)) {
        problem(root, "scenario", root, "keys with values, of which phases has to be there");
        return null;
      }
      Map<String, Node> entries = entries(map, KEYS);
      String name = text(entries.get("name"), "name", file.getFileName().toString());
      List<Phase> phases = phases(entries.get("phases"), root);
      return new ScenarioFile(
          scenario(
              name,
              phases,
              expectations(entries.get("expect")),
              entries.getOrDefault("phases", root)),
          entries.containsKey("devices") ? whole(entries, "devices", 1, 1_000_000) : null,
          entries.containsKey("rate") ? number(entries, "rate", 1e-6, 1000, 1) : null,
          payload(entries.get("payload")),
          entries.containsKey("server") ? command(entries, "server", root) : null,
          text);
    }

    private Scenario scenario(
        String name, List<Phase> phases, Expectations expectations, Node where) {
      try {
        return new Scenario(name, phases, expectations);
      } catch (IllegalArgumentException e) {
        // With a phase that could not be read the order says nothing.
        if (problems.isEmpty()) {
          problems.add(at(where) + e.getMessage());
        }
        return Scenario.plain(Duration.ofSeconds(1), Duration.ZERO);
      }
    }

    private List<Phase> phases(@Nullable Node node, Node root) {
      if (!(node instanceof SequenceNode list)) {
        problem(node == null ? root : node, "phases", node, "a list, such as - steady: {for: 30s}");
        return List.of();
      }
      List<Phase> phases = new ArrayList<>();
      for (Node entry : list.getValue()) {
        Phase phase = phase(entry);
        if (phase != null) {
          phases.add(phase);
        }
      }
      return phases;
    }

    private @Nullable Phase phase(Node entry) {
      if (entry instanceof MappingNode several && arePhases(several)) {
        problem(
            several,
            "phase",
            several,
            "a dash before each of its " + several.getValue().size());
        return null;
      }
      if (!(entry instanceof MappingNode map)
          || map.getValue().size() != 1
          || !(map.getValue().get(0).getKeyNode() instanceof ScalarNode name)) {
        problem(entry, "phase", entry, "its name and what it needs, such as " + example(entry));
        return null;
      }
      PhaseForm form = PhaseForm.named(name.getValue());
      if (form == null) {
        problem(name, "phase", name, oneOf(PhaseForm.names(), name));
        return null;
      }
      Node content = map.getValue().get(0).getValueNode();
      if (!(content instanceof MappingNode values)) {
        problem(content, name.getValue(), content, form.example());
        return null;
      }
      int before = problems.size();
      Phase phase = form.read(new Values(entries(values, form.keys()), name));
      return problems.size() == before ? phase : null;
    }

    private static boolean arePhases(MappingNode map) {
      return map.getValue().size() > 1
          && map.getValue().stream()
              .allMatch(one -> PhaseForm.named(word(one.getKeyNode())) != null);
    }

    /** Of the phase that somebody may have meant, who has its keys no further in than its name. */
    private static String example(Node entry) {
      String word = word(
          entry instanceof MappingNode map && !map.getValue().isEmpty()
              ? map.getValue().get(0).getKeyNode()
              : entry);
      PhaseForm form = PhaseForm.named(word);
      return form == null ? "steady: " + PhaseForm.STEADY.example() : word + ": " + form.example();
    }

    private static String word(Node node) {
      return node instanceof ScalarNode scalar ? scalar.getValue() : "";
    }

    private static String oneOf(List<String> known, Node found) {
      String meant = Similar.of(word(found), known)
          .map(one -> "; did you mean " + one + "?")
          .orElse("");
      return "one of " + String.join(", ", known) + meant;
    }

    private Expectations expectations(@Nullable Node node) {
      if (node == null) {
        return Expectations.NONE;
      }
      if (!(node instanceof MappingNode map)) {
        problem(node, "expect", node, "keys with limits, such as {longest-gap: 5s}");
        return Expectations.NONE;
      }
      Map<String, Node> entries = entries(map, EXPECTATIONS);
      return new Expectations(
          limit(entries, "undisturbed-p99"),
          entries.containsKey("longest-gap")
              ? new Values(entries, node).duration("longest-gap")
              : null,
          limit(entries, "back-online"),
          limit(entries, "offline-at-end"),
          limit(entries, "heap-growth"),
          limit(entries, "thread-growth"),
          limit(entries, "file-growth"),
          limit(entries, "store-growth"),
          limit(entries, "undone"));
    }

    private @Nullable Double limit(Map<String, Node> entries, String key) {
      return entries.containsKey(key) ? number(entries, key, 0, 1e6, 1) : null;
    }

    private String command(Map<String, Node> entries, String key, Node otherwise) {
      // Whole, with all that looks like a variable: it is the shell's to replace.
      String command = entries.get(key) instanceof ScalarNode scalar ? scalar.getValue() : "";
      if (command.isBlank()) {
        problem(entries.getOrDefault(key, otherwise), key, entries.get(key), "a command");
      }
      return command;
    }

    private @Nullable Payload payload(@Nullable Node node) {
      if (node == null) {
        return null;
      }
      if (node instanceof SequenceNode list && !list.getValue().isEmpty()) {
        List<Payload> several = new ArrayList<>();
        for (Node one : list.getValue()) {
          Payload read = one instanceof SequenceNode ? null : payload(one);
          if (read != null) {
            several.add(read);
          } else if (one instanceof SequenceNode) {
            problem(one, "payload", one, Payload.NAMES + ", or {csv: FILE}");
          }
        }
        return several.isEmpty() ? null : Payload.several(several);
      }
      if (node instanceof ScalarNode scalar && Payload.named(scalar.getValue()) != null) {
        return Payload.named(scalar.getValue());
      }
      if (node instanceof MappingNode map) {
        Node csv = entries(map, Set.of("csv")).get("csv");
        if (csv instanceof ScalarNode path) {
          return csv(path);
        }
      }
      problem(node, "payload", node, Payload.NAMES + ", or {csv: FILE}");
      return null;
    }

    /** Beside the scenario, unless the path is absolute. */
    private @Nullable Payload csv(ScalarNode path) {
      try {
        return Payload.csv(file.resolveSibling(path.getValue()));
      } catch (IllegalArgumentException e) {
        problems.add(at(path) + "csv: " + e.getMessage());
        return null;
      }
    }

    private Map<String, Node> entries(MappingNode map, Set<String> known) {
      map.getValue().stream()
          .filter(entry -> !known.contains(value(entry.getKeyNode())))
          .forEach(entry -> problem(
              entry.getKeyNode(),
              "key",
              entry.getKeyNode(),
              oneOf(known.stream().sorted().toList(), entry.getKeyNode())));
      Map<String, Node> entries = new HashMap<>();
      map.getValue().forEach(entry -> {
        if (entries.put(value(entry.getKeyNode()), entry.getValueNode()) != null) {
          problem(entry.getKeyNode(), "key", entry.getKeyNode(), "each key once");
        }
      });
      return entries;
    }

    private String text(@Nullable Node node, String key, String otherwise) {
      if (node != null && !(node instanceof ScalarNode)) {
        problem(node, key, node, "a word");
      }
      return node instanceof ScalarNode scalar ? scalar.getValue() : otherwise;
    }

    private double number(
        Map<String, Node> entries, String key, double least, double most, double otherwise) {
      Node node = entries.get(key);
      try {
        double number = Double.parseDouble(value(node));
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below.
      }
      problem(node, key, node, "a number from " + plain(least) + " to " + plain(most));
      return otherwise;
    }

    private int whole(Map<String, Node> entries, String key, int least, int most) {
      Node node = entries.get(key);
      try {
        int number = Integer.parseInt(value(node));
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        // Told below.
      }
      problem(node, key, node, "a whole number from " + least + " to " + most);
      return least;
    }

    private void problem(@Nullable Node where, String key, @Nullable Node found, String expected) {
      problems.add(at(where) + key + ": " + shown(found) + " (expected: " + expected + ")");
    }

    private static String shown(@Nullable Node found) {
      if (found == null) {
        return "missing";
      }
      if (found instanceof ScalarNode scalar) {
        return Quoted.of(scalar.getValue());
      }
      return found instanceof SequenceNode ? "a list" : "keys with values";
    }

    private String at(@Nullable Node node) {
      return node == null
          ? file + ": "
          : file + ":" + (node.getStartMark().getLine() + 1) + ":"
              + (node.getStartMark().getColumn() + 1) + ": ";
    }

    /** Of {@code ${NAME:-VALUE}} the variable of that name, or else the value, as in a shell. */
    private String value(@Nullable Node node) {
      String text = node instanceof ScalarNode scalar ? scalar.getValue() : "";
      Matcher variable = VARIABLE.matcher(text);
      return variable.matches()
          ? environment.getOrDefault(variable.group(1), variable.group(2))
          : text;
    }

    private static String plain(double number) {
      return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    }

    /** The entries of a phase. */
    private final class Values implements PhaseForm.Values {
      private final Map<String, Node> entries;
      private final Node phase;

      Values(Map<String, Node> entries, Node phase) {
        this.entries = entries;
        this.phase = phase;
      }

      @Override
      public Duration duration(String key) {
        Duration read = PhaseForm.duration(value(entries.get(key)));
        if (read == null) {
          problem(
              entries.getOrDefault(key, phase),
              key,
              entries.get(key),
              "a time, such as 500ms, 30s or 5m");
          return Duration.ofSeconds(1);
        }
        return read;
      }

      @Override
      public @Nullable Duration durationIfAny(String key) {
        return has(key) ? duration(key) : null;
      }

      @Override
      public boolean has(String key) {
        return entries.containsKey(key);
      }

      @Override
      public void requireAny(String... keys) {
        if (Stream.of(keys).noneMatch(this::has)) {
          String some = String.join(", ", keys);
          problem(phase, value(phase), null, keys.length == 1 ? some : "at least one of " + some);
        }
      }

      @Override
      public Duration jump(String key) {
        Duration read = PhaseForm.jump(value(entries.get(key)));
        if (read == null) {
          problem(
              entries.getOrDefault(key, phase),
              key,
              entries.get(key),
              "a time, such as 1h, or back: -90s");
          return Duration.ofSeconds(1);
        }
        return read;
      }

      @Override
      public double share(String key) {
        if (!entries.containsKey(key)) {
          return 1;
        }
        Double read = PhaseForm.share(value(entries.get(key)));
        if (read == null) {
          problem(entries.get(key), key, entries.get(key), "above 0 %, up to 100 %, such as 30%");
          return 1;
        }
        return read;
      }

      @Override
      public double number(String key, double least, double most) {
        if (!entries.containsKey(key)) {
          problem(phase, key, null, "a number from " + plain(least) + " to " + plain(most));
          return least;
        }
        return Reader.this.number(entries, key, least, most, least);
      }

      @Override
      public int whole(String key, int least, int most) {
        if (!entries.containsKey(key)) {
          problem(phase, key, null, "a whole number from " + least + " to " + most);
          return least;
        }
        return Reader.this.whole(entries, key, least, most);
      }

      @Override
      public String command(String key) {
        return Reader.this.command(entries, key, phase);
      }

      @Override
      public @Nullable String commandIfAny(String key) {
        return entries.containsKey(key) ? command(key) : null;
      }
    }
  }
}
