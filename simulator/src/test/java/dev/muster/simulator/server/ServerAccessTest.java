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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
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

  private LocalServer start(String command) {
    LocalServer server = LocalServer.launch(command, Map.of(), log, null);
    try {
      server.awaitReady();
      return server;
    } catch (ServerFaultException e) {
      server.close();
      throw e;
    }
  }

  @Test
  void kill_endsWhatOutlivedItsParent() throws IOException {
    Path orphan = folder.resolve("orphan");
    String command = "(sleep 600 & echo $! > " + orphan + "); echo ready now; sleep 600; true";
    try (LocalServer server = start(command)) {
      long first = Long.parseLong(Files.readString(orphan).strip());
      new ServerAccess(server, null, hooks).killServer(() -> true);
      awaitDead(first);
      server.awaitReady();
    }
    awaitDead(Long.parseLong(Files.readString(orphan).strip()));
  }

  @Test
  void hook_reachesTheServerBehindItsShell_byItsProcessGroup() throws IOException {
    Path pid = folder.resolve("pid");
    String command = "sleep 600 & echo $! > " + pid + "; echo ready now; wait; sleep 600";
    try (LocalServer server = start(command)) {
      ServerAccess access = new ServerAccess(server, null, hooks);
      assertThat(access.begin(
              new Phase.Hook(Duration.ofSeconds(1), "kill -s TERM -- -$SERVER_PID", null)))
          .isTrue();
      awaitDead(Long.parseLong(Files.readString(pid).strip()));
      await().until(() -> !server.isAlive());
    }
  }

  @Test
  void undo_whileAHookBegins_killsThatAndRunsItsEnd() throws Exception {
    Path begun = folder.resolve("begun");
    Path ended = folder.resolve("ended");
    ServerAccess access = new ServerAccess(null, folder, hooks);
    Phase.Hook hook = new Phase.Hook(
        Duration.ofSeconds(1),
        "sleep 600 & echo $! > " + begun + ".new; mv " + begun + ".new " + begun + "; wait",
        "echo undone > " + ended);
    CompletableFuture<Boolean> beginning = CompletableFuture.supplyAsync(() -> access.begin(hook));
    await().until(() -> Files.exists(begun));
    access.undo();
    assertThat(ended).hasContent("undone");
    assertThat(beginning.get(10, TimeUnit.SECONDS)).isFalse();
    awaitDead(Long.parseLong(Files.readString(begun).strip()));
    assertThat(access.begin(hook)).as("nothing begins any more").isFalse();
  }

  @Test
  void undo_whileAServerDoesNotServe_doesNotWaitForIt() {
    Path wanted = folder.resolve("wanted");
    Path ended = folder.resolve("ended");
    String command = "test -e " + wanted + " || echo ready now; touch " + wanted + "; sleep 600";
    try (LocalServer server = start(command)) {
      ServerAccess access = new ServerAccess(server, null, hooks);
      access.begin(new Phase.Hook(Duration.ofSeconds(1), "true", "echo undone > " + ended));
      access.killServer(() -> true);
      CompletableFuture<Boolean> second =
          CompletableFuture.supplyAsync(() -> access.killServer(() -> true));
      access.undo();
      assertThat(ended).hasContent("undone");
      assertThat(second.join()).isFalse();
    }
  }

  @Test
  void close_ofWhatIsUndone_waitsForAServerThatWasKilled() throws IOException {
    Path killed = folder.resolve("killed");
    Path serves = folder.resolve("serves");
    String command =
        "test -e " + killed + " && sleep 1 && touch " + serves + "; echo ready now; sleep 600";
    try (LocalServer server = start(command)) {
      ServerAccess access = new ServerAccess(server, null, hooks);
      Files.createFile(killed);
      access.killServer(() -> true);
      access.undo();
      access.close();
      assertThat(serves).as("it can be asked what it has stored").exists();
      assertThat(access.problems()).isEmpty();
    }
  }

  private static void awaitDead(long pid) {
    await().until(() -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isEmpty());
  }

  @Test
  void kill_endsTheServerAndWhatItStarted_andStartsItAgain() throws IOException {
    String command = "sleep 600 & echo $! >> " + folder.resolve("pids") + "; echo ready now; wait";
    try (LocalServer server = start(command)) {
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
      awaitDead(Long.parseLong(child));
    }
  }

  @Test
  void server_thatDoesNotStart_saysWhereItSaidWhy() {
    assertThatThrownBy(() -> start("echo no port; exit 3"))
        .isInstanceOf(ServerFaultException.class)
        .hasMessage("server: ended by itself with 3 (what it printed is in " + log + ")");
    assertThat(log).hasContent("no port");
  }

  @Test
  void server_thatEndsByItself_isAProblem() throws IOException {
    Path wanted = Files.createFile(folder.resolve("wanted"));
    String command = "echo ready now; while [ -e " + wanted + " ]; do sleep 0.05; done; exit 4";
    try (LocalServer server = start(command)) {
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
  void hook_afterAnother_beginsWhenThatHasEnded_andIsNotEndedForIt() throws IOException {
    Path said = folder.resolve("said");
    ServerAccess access = new ServerAccess(null, null, hooks);
    Phase.Hook one = hook(said);
    access.begin(one);
    access.begin(hook(said));
    access.end(one);
    assertThat(said).hasContent("begun\nended\nbegun\n");
    access.close();
    assertThat(said).hasContent("begun\nended\nbegun\nended\n");
  }

  private static Phase.Hook hook(Path said) {
    return new Phase.Hook(Duration.ofSeconds(1), "echo begun >> " + said, "echo ended >> " + said);
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
