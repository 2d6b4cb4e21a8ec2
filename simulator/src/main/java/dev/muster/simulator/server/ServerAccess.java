/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.server;

import static java.util.Objects.requireNonNull;

import dev.muster.simulator.scenario.Phase;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a run may do to a server, as its scenario says, and see of it. Nothing is killed that was
 * not started here; what goes wrong is kept, so that a run whose faults did not happen does not
 * pass. Thread-safe; blocks.
 */
public final class ServerAccess implements AutoCloseable {
  private static final Duration HOOK_LIMIT = Duration.ofSeconds(60);

  private final @Nullable LocalServer server;
  private final @Nullable Path store;
  private final Path log;
  private final List<Phase.Hook> open = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();
  private int kills;
  private volatile boolean closed;
  private volatile boolean undoing;
  /** What a hook began with, while it runs. */
  private volatile @Nullable ShellProcess beginning;

  /**
   * @param server null: there is none that was started here
   * @param store the folder with all that it stores; null if it is not known, or not here
   * @param log for what the hooks print
   */
  public ServerAccess(@Nullable LocalServer server, @Nullable Path store, Path log) {
    this.server = server;
    this.store = store;
    this.log = requireNonNull(log, "log");
  }

  /** Nothing can be done to the server. */
  public static ServerAccess none() {
    return new ServerAccess(null, null, Path.of("hooks.log"));
  }

  /**
   * Kills the server and starts it again. If it was killed before, this waits until it serves: one
   * that only ever starts acknowledges nothing that could be lost.
   *
   * @param wanted whether it is to be killed, after that wait
   * @return whether it was killed
   */
  public synchronized boolean killServer(BooleanSupplier wanted) {
    LocalServer killed = server;
    if (killed == null) {
      problems.add("server: none was started here, so none was killed");
      return false;
    }
    awaitReady(killed, () -> !closed);
    if (closed || !wanted.getAsBoolean()) {
      return false;
    }
    try {
      killed.killAndRestart();
    } catch (ServerFaultException e) {
      problems.add(e.getMessage());
      return false;
    } catch (IOException e) {
      problems.add("server: not started again (" + e + ")");
    }
    kills++;
    return true;
  }

  /** Waits until the server serves, or nobody wants that any more. */
  public synchronized void awaitReady(BooleanSupplier wanted) {
    if (server != null) {
      awaitReady(server, () -> !closed && wanted.getAsBoolean());
    }
  }

  /**
   * Runs what a hook begins with, after the end of the one before, which may not have had its turn
   * yet.
   *
   * @return whether that was done
   */
  public synchronized boolean begin(Phase.Hook hook) {
    if (closed) {
      return false;
    }
    endHooks();
    open.add(hook);
    return run(hook.begin(), true);
  }

  /** Runs what a hook ends with; nothing if it was run already, or the hook never began. */
  public synchronized void end(Phase.Hook hook) {
    String last = hook.end();
    // Another one may have the same commands.
    if (open.removeIf(one -> one == hook) && last != null) {
      run(last, false);
    }
  }

  private boolean run(String command, boolean begins) {
    try {
      ShellProcess process = ShellProcess.start(
          command,
          server == null ? Map.of() : server.environment(),
          ProcessBuilder.Redirect.appendTo(log.toFile()));
      if (begins) {
        beginning = process;
        if (undoing) {
          // Whoever undoes may have looked a moment before.
          process.kill();
        }
      }
      if (!process.awaitEnd(HOOK_LIMIT)) {
        problems.add("hook: " + command + ": took longer than " + HOOK_LIMIT.toSeconds() + " s"
            + (process.kill() ? "" : ", and outlives SIGKILL"));
      } else if (process.exitCode() != 0) {
        problems.add("hook: " + command + ": ended with " + process.exitCode()
            + " (what it printed is in " + log + ")");
      } else {
        return true;
      }
    } catch (IOException e) {
      problems.add("hook: " + command + ": not run (" + e + ")");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problems.add("hook: " + command + ": interrupted");
    } finally {
      beginning = null;
    }
    return false;
  }

  private void awaitReady(LocalServer watched, BooleanSupplier wanted) {
    try {
      watched.awaitReady(wanted);
    } catch (ServerFaultException e) {
      synchronized (this) {
        problems.add(e.getMessage());
      }
    }
  }

  /** How often the server was killed. */
  public synchronized int kills() {
    return kills;
  }

  /** What could not be done, a line each. */
  public synchronized List<String> problems() {
    return List.copyOf(problems);
  }

  /** How much is stored; null if it is not known. */
  public @Nullable Long storeBytes() {
    Path folder = store;
    if (folder == null) {
      return null;
    }
    try (Stream<Path> files = Files.walk(folder)) {
      return files
          .map(Path::toFile)
          .filter(File::isFile)
          .mapToLong(File::length)
          .sum();
    } catch (IOException | UncheckedIOException e) {
      // A file went while it was walked over; the next time will do.
      return null;
    }
  }

  /**
   * Ends the hooks that are still open, the last first, and waits until the server serves: it is to
   * be asked what it has stored. Also one that was killed a moment ago, when the program is told to
   * end.
   */
  @Override
  public void close() {
    closed = true;
    endHooks();
    if (server != null) {
      awaitReady(server, () -> true);
    }
  }

  /**
   * Ends the hooks that are still open, as {@link #close} does, but at once: what a hook begins
   * with, and is not done yet, is killed, and nobody waits for the server. For when the program is
   * about to end. Also while another thread is in {@link #close}.
   */
  public void undo() {
    closed = true;
    undoing = true;
    ShellProcess running = beginning;
    if (running != null) {
      running.kill();
    }
    endHooks();
  }

  private synchronized void endHooks() {
    for (int i = open.size() - 1; i >= 0; i--) {
      end(open.get(i));
    }
  }
}
