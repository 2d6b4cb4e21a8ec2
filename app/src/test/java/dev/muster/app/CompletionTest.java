/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What a shell proposes when somebody hits the tabulator. */
class CompletionTest {
  @TempDir
  Path folder;

  @BeforeEach
  void generate() throws IOException {
    Files.writeString(
        folder.resolve("completion.sh"), AutoComplete.bash("muster", Muster.commandLine()));
  }

  /** What there is for each of these, of which the last word is the one that is being typed. */
  private List<List<String>> proposed(List<String> lines) throws IOException {
    StringBuilder script = new StringBuilder("source ./completion.sh\n");
    for (String line : lines) {
      script
          .append("COMP_WORDS=(muster ")
          .append(line)
          .append("); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); COMP_LINE=\"${COMP_WORDS[*]}\";")
          .append(" COMPREPLY=(); _complete_muster; echo \"${COMPREPLY[@]}\"\n");
    }
    Files.writeString(folder.resolve("ask.sh"), script);
    return PeerProgram.require("bash")
        .run(folder, "ask.sh")
        .expectSuccess()
        .stdout()
        .lines()
        .map(line -> List.of(line.split(" ")))
        .toList();
  }

  @Test
  void commands_areProposed_howeverDeep() throws IOException {
    List<List<String>> proposed = proposed(List.of("''", "admin ''", "admin devices ''", "adm"));
    assertThat(proposed.get(0)).contains("serve", "admin", "doctor");
    assertThat(proposed.get(1)).contains("devices", "certificates");
    assertThat(proposed.get(2)).contains("list", "tag", "approve");
    assertThat(proposed.get(3)).containsExactly("admin");
  }

  @Test
  void options_ofEachCommand_areProposed() throws IOException {
    Map<String, CommandLine> commands = new LinkedHashMap<>();
    Muster.commandLine().getSubcommands().forEach((name, one) -> collect(name, one, commands));
    List<List<String>> proposed =
        proposed(commands.keySet().stream().map(line -> line + " --").toList());
    assertThat(proposed).hasSameSizeAs(commands.keySet()).hasSizeGreaterThan(80);
    int at = 0;
    for (Map.Entry<String, CommandLine> one : commands.entrySet()) {
      List<String> options = one.getValue().getCommandSpec().options().stream()
          .filter(option -> !option.hidden())
          .map(OptionSpec::longestName)
          .filter(name -> name.startsWith("--"))
          .toList();
      assertThat(proposed.get(at++)).as(one.getKey()).containsAll(options);
    }
  }

  private static void collect(String line, CommandLine command, Map<String, CommandLine> into) {
    into.put(line, command);
    command.getSubcommands().forEach((name, one) -> collect(line + " " + name, one, into));
  }
}
