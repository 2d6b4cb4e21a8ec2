/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.server;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server that was started here, and may therefore be killed. What it prints goes to a file, which
 * each start begins anew. Thread-safe; blocks.
 */
public final class LocalServer implements AutoCloseable {
  private static final Duration READY_LIMIT = Duration.ofMinutes(5);
  private static final Duration END_LIMIT = Duration.ofSeconds(20);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);
  private static final long POLL_MS = 50;
  private static final String READY = "ready ";

  private final String command;
  private final Map<String, String> environment;
  private final Path log;
  private final @Nullable InetSocketAddress address;
  private Process process;

  private LocalServer(
      String command,
      Map<String, String> environment,
      Path log,
      @Nullable InetSocketAddress address)
      throws IOException {
    this.command = command;
    this.environment = Map.copyOf(environment);
    this.log = log;
    this.address = address;
    this.process = launch();
  }

  /**
   * Starts a server and waits until it serves: until it has printed a line that begins with
   * {@code ready}, as ours does, or listens at {@code address}.
   *
   * @param command for {@code sh}
   * @param environment variables besides those of this process
   * @throws ServerFaultException if it cannot be started, or ends, or takes longer than five
   *     minutes
   */
  public static LocalServer start(
      String command,
      Map<String, String> environment,
      Path log,
      @Nullable InetSocketAddress address) {
    requireNonNull(command, "command");
    try {
      Files.createDirectories(requireNonNull(log.toAbsolutePath().getParent()));
      LocalServer server = new LocalServer(command, environment, log, address);
      try {
        server.awaitReady();
      } catch (ServerFaultException e) {
        server.close();
        throw e;
      }
      return server;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Process launch() throws IOException {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", command)
        .redirectErrorStream(true)
        .redirectOutput(log.toFile());
    builder.environment().putAll(environment);
    return builder.start();
  }

  /**
   * Waits until it serves.
   *
   * @throws ServerFaultException if it ends, or takes longer than five minutes
   */
  void awaitReady() {
    long deadline = System.nanoTime() + READY_LIMIT.toNanos();
    while (!isAlive() || !isReady()) {
      if (!isAlive() || System.nanoTime() > deadline) {
        throw new ServerFaultException("server: "
            + (isAlive()
                ? "not ready in " + READY_LIMIT.toSeconds() + " s"
                : "ended by itself with " + exitCode())
            + " (what it printed is in " + log + ")");
      }
      pause();
    }
  }

  private boolean isReady() {
    InetSocketAddress known = address;
    if (known != null) {
      try (Socket socket = new Socket()) {
        socket.connect(known, Math.toIntExact(CONNECT_LIMIT.toMillis()));
        return true;
      } catch (IOException e) {
        return false;
      }
    }
    try (Stream<String> lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
      return lines.anyMatch(line -> line.startsWith(READY));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(POLL_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ServerFaultException("server: interrupted while it was starting");
    }
  }

  synchronized boolean isAlive() {
    return process.isAlive();
  }

  /** Of a process that has ended. */
  synchronized int exitCode() {
    return process.exitValue();
  }

  /** Variables for whatever is run for this server. */
  synchronized Map<String, String> environment() {
    Map<String, String> variables = new HashMap<>(environment);
    variables.put("SERVER_PID", Long.toString(process.pid()));
    return variables;
  }

  synchronized long pid() {
    return process.pid();
  }

  /**
   * SIGKILL to it and all that it started, and starts it again at once; does not wait until it
   * serves.
   */
  synchronized void killAndRestart() throws IOException {
    kill();
    process = launch();
  }

  private void kill() {
    List<ProcessHandle> all = processes();
    all.forEach(ProcessHandle::destroyForcibly);
    ended(all).join();
  }

  /** Asked for before any is ended: the orphans of a dead process are nobody's descendants. */
  private List<ProcessHandle> processes() {
    return Stream.concat(process.descendants(), Stream.of(process.toHandle())).toList();
  }

  private static CompletableFuture<Void> ended(List<ProcessHandle> processes) {
    return CompletableFuture.allOf(
            processes.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
        .orTimeout(END_LIMIT.toSeconds(), TimeUnit.SECONDS);
  }

  /** SIGTERM, and SIGKILL if that is not enough. */
  @Override
  public synchronized void close() {
    List<ProcessHandle> all = processes();
    all.forEach(ProcessHandle::destroy);
    try {
      ended(all).join();
    } catch (CompletionException e) {
      all.forEach(ProcessHandle::destroyForcibly);
      ended(all).join();
    }
  }
}
