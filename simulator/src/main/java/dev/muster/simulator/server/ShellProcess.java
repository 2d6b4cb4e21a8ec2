/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.server;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A command of a shell, in a process group of its own where there is {@code setsid}: so that it can
 * be ended with all that it started, also what outlived its parent, and Ctrl-C at the terminal is
 * not for it. Where there is none, its descendants are what can be found. Thread-safe.
 */
final class ShellProcess {
  private static final Duration END_LIMIT = Duration.ofSeconds(20);
  private static final boolean OWN_GROUP = Stream.of(
          System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
      .anyMatch(folder -> Files.isExecutable(Path.of(folder, "setsid")));

  private final Process process;
  /** Nothing of it is left: whoever has its number by now is somebody else. */
  private volatile boolean gone;

  private ShellProcess(Process process) {
    this.process = process;
  }

  /** @param environment variables besides those of this process */
  static ShellProcess start(
      String command, Map<String, String> environment, ProcessBuilder.Redirect out)
      throws IOException {
    List<String> words = new ArrayList<>(List.of("sh", "-c", command));
    if (OWN_GROUP) {
      words.add(0, "setsid");
    }
    ProcessBuilder builder =
        new ProcessBuilder(words).redirectErrorStream(true).redirectOutput(out);
    builder.environment().putAll(environment);
    return new ShellProcess(builder.start());
  }

  /** Of the shell; and the number of the group. */
  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Of a shell that has ended. */
  int exitCode() {
    return process.exitValue();
  }

  boolean awaitEnd(Duration limit) throws InterruptedException {
    return process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * SIGKILL to all of it; waits until it is gone.
   *
   * @return whether it is: a process that the kernel holds up outlives even that
   */
  boolean kill() {
    List<ProcessHandle> all = all();
    signal("KILL");
    all.forEach(ProcessHandle::destroyForcibly);
    try {
      ended(all).join();
      gone = true;
    } catch (CompletionException e) {
      return false;
    }
    return true;
  }

  /** SIGTERM to all of it, also to what was stopped; and SIGKILL if that is not enough. */
  void end() {
    List<ProcessHandle> all = all();
    signal("TERM");
    all.forEach(ProcessHandle::destroy);
    signal("CONT");
    try {
      ended(all).join();
      signal("KILL");
      gone = true;
    } catch (CompletionException e) {
      kill();
    }
  }

  /** Asked for before any is ended: the orphans of a dead process are nobody's descendants. */
  private List<ProcessHandle> all() {
    return Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
  }

  private static CompletableFuture<Void> ended(List<ProcessHandle> processes) {
    return CompletableFuture.allOf(
            processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
        .orTimeout(END_LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** To the group, of which the orphans are still members; that it may be empty is no problem. */
  private void signal(String name) {
    if (!OWN_GROUP || gone || isNumberReused()) {
      return;
    }
    try {
      new ProcessBuilder("sh", "-c", "kill -s " + name + " -- -" + pid())
          .redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD)
          .start()
          .waitFor();
    } catch (IOException e) {
      // No process can be started: the descendants are ended all the same.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Whether another process, which began later, has its number: which none gets while the group has
   * a member.
   */
  private boolean isNumberReused() {
    ProcessHandle own = process.toHandle();
    return ProcessHandle.of(pid()).filter(one -> !one.equals(own)).isPresent();
  }
}
