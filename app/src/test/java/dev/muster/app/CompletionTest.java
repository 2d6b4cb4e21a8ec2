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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.AutoComplete;

/** What a shell proposes when somebody hits the tabulator. */
class CompletionTest {
  @TempDir
  Path folder;

  @BeforeEach
  void generate() throws IOException {
    Files.writeString(
        folder.resolve("completion.sh"), AutoComplete.bash("muster", Muster.commandLine()));
  }

  private String proposed(String... words) {
    String line = "source ./completion.sh; COMP_WORDS=(muster " + String.join(" ", words)
        + " ''); COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 )); COMP_LINE=\"${COMP_WORDS[*]}\";"
        + " _complete_muster; echo \"${COMPREPLY[@]}\"";
    return PeerProgram.require("bash").run(folder, "-c", line).expectSuccess().stdout();
  }

  @Test
  void commandsAndOptions_areProposed() {
    assertThat(proposed()).contains("serve", "admin", "doctor");
    assertThat(proposed("admin")).contains("devices", "certificates");
  }
}
