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
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A server that was started here, and may therefore be killed. What it prints goes to a file, which
 * each start begins anew. Thread-safe; blocks.
 */
public final class LocalServer implements AutoCloseable {
  private static final Duration READY_LIMIT = Duration.ofMinutes(5);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(1);
  private static final long POLL_MS = 50;
  private static final String READY = "ready ";

  private final String command;
  private final Map<String, String> environment;
  private final Path log;
  private final @Nullable InetSocketAddress address;
  private ShellProcess process;

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
   * Starts a server, which does not serve yet.
   *
   * @param command for {@code sh}; it is in a process group of its own where there is
   *     {@code setsid}
   * @param environment variables besides those of this process
   * @param address where it listens when it serves; null: it prints a line that begins with
   *     {@code ready}, as ours does
   * @throws ServerFaultException if it cannot be started, or its log not be written
   */
  public static LocalServer launch(
      String command,
      Map<String, String> environment,
      Path log,
      @Nullable InetSocketAddress address) {
    requireNonNull(command, "command");
    try {
      Files.createDirectories(requireNonNull(log.toAbsolutePath().getParent()));
      return new LocalServer(command, environment, log, address);
    } catch (IOException e) {
      throw new ServerFaultException(
          "server: not started, with its log in " + log + " (" + e + ")");
    }
  }

  private ShellProcess launch() throws IOException {
    return ShellProcess.start(command, environment, ProcessBuilder.Redirect.to(log.toFile()));
  }

  /**
   * Waits until it serves.
   *
   * @throws ServerFaultException if it ends, or takes longer than five minutes
   */
  public void awaitReady() {
    awaitReady(() -> true);
  }

  /** The same, or until nobody wants it any more. */
  void awaitReady(BooleanSupplier wanted) {
    long deadline = System.nanoTime() + READY_LIMIT.toNanos();
    while (wanted.getAsBoolean() && (!isAlive() || !isReady())) {
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
    return process.exitCode();
  }

  /** Variables for whatever is run for this server: the number of its process group. */
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
   *
   * @throws ServerFaultException if it outlives that; then it is not started again
   */
  synchronized void killAndRestart() throws IOException {
    if (!process.kill()) {
      throw new ServerFaultException("server: not killed (it outlives SIGKILL)");
    }
    process = launch();
  }

  /** SIGTERM, and SIGKILL if that is not enough. */
  @Override
  public synchronized void close() {
    process.end();
  }
}
