/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.muster.simulator.scenario.Phase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerAccessTest {
  @TempDir
  Path folder;

  private Path log;
  private Path hooks;

  @BeforeEach
  void names() {
    log = folder.resolve("server.log");
    hooks = folder.resolve("hooks.log");
  }

  @Test
  void kill_endsTheServerAndWhatItStarted_andStartsItAgain() throws IOException {
    String command = "sleep 600 & echo $! >> " + folder.resolve("pids") + "; echo ready now; wait";
    try (LocalServer server = LocalServer.start(command, Map.of(), log, null)) {
      ServerAccess access = new ServerAccess(server, null, hooks);
      long first = server.pid();
      access.killServer(() -> true);
      assertThat(server.pid()).isNotEqualTo(first);
      assertThat(ProcessHandle.of(first)).isEmpty();
      assertThat(access.kills()).isEqualTo(1);
      access.killServer(() -> false);
      assertThat(access.kills()).isEqualTo(1);
      assertThat(access.problems()).isEmpty();
      await().until(() -> Files.readAllLines(folder.resolve("pids")).size() == 2);
    }
    for (String child : Files.readAllLines(folder.resolve("pids"))) {
      await()
          .until(() -> ProcessHandle.of(Long.parseLong(child))
              .filter(ProcessHandle::isAlive)
              .isEmpty());
    }
  }

  @Test
  void server_thatDoesNotStart_saysWhereItSaidWhy() {
    assertThatThrownBy(() -> LocalServer.start("echo no port; exit 3", Map.of(), log, null))
        .isInstanceOf(ServerFaultException.class)
        .hasMessage("server: ended by itself with 3 (what it printed is in " + log + ")");
    assertThat(log).hasContent("no port");
  }

  @Test
  void server_thatEndsByItself_isAProblem() throws IOException {
    Path wanted = Files.createFile(folder.resolve("wanted"));
    String command = "echo ready now; while [ -e " + wanted + " ]; do sleep 0.05; done; exit 4";
    try (LocalServer server = LocalServer.start(command, Map.of(), log, null)) {
      ServerAccess access = new ServerAccess(server, null, hooks);
      Files.delete(wanted);
      await().until(() -> !server.isAlive());
      access.close();
      assertThat(access.problems())
          .containsExactly("server: ended by itself with 4 (what it printed is in " + log + ")");
    }
  }

  @Test
  void kill_withoutAServerOfOurs_killsNothing() {
    ServerAccess access = ServerAccess.none();
    access.killServer(() -> true);
    assertThat(access.kills()).isZero();
    assertThat(access.problems())
        .containsExactly("server: none was started here, so none was killed");
  }

  @Test
  void hook_runsItsCommands_andWhatIsOpenEndsWithTheRun() {
    Path said = folder.resolve("said");
    ServerAccess access = new ServerAccess(null, folder, hooks);
    Phase.Hook hook =
        new Phase.Hook(Duration.ofSeconds(1), "echo begun >> " + said, "echo ended >> " + said);
    access.begin(hook);
    access.end(hook);
    access.end(hook);
    assertThat(said).hasContent("begun\nended");
    access.begin(hook);
    access.close();
    access.close();
    access.begin(hook);
    assertThat(said).hasContent("begun\nended\nbegun\nended");
    assertThat(access.problems()).isEmpty();
    assertThat(access.storeBytes()).isGreaterThanOrEqualTo(24);
  }

  @Test
  void hook_thatFails_isAProblem() {
    ServerAccess access = new ServerAccess(null, null, hooks);
    access.begin(new Phase.Hook(Duration.ofSeconds(1), "echo why; exit 5", null));
    assertThat(access.problems())
        .containsExactly(
            "hook: echo why; exit 5: ended with 5 (what it printed is in " + hooks + ")");
    assertThat(hooks).hasContent("why");
  }
}
