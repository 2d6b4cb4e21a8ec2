/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.Quoted;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program of the manufacturer's that has a request certified: by openssl, a CA in an HSM or at a
 * provider.
 *
 * <p>It gets the request (PKCS#10, PEM) on its standard input and writes the certificate (PEM; the
 * CAs between it and the manufacturer's behind it) to its standard output. Any exit code but 0 is a
 * refusal, the first line of its standard error the reason. No shell takes part, so that nothing of
 * an order is ever read as a command.
 *
 * @param program a path, or the name of a program on the PATH; without arguments
 * @param limit how long an answer may take; the program is ended after that
 */
public record CaCommand(String program, Duration limit) {
  /** For whom no other limit is given; people may have to unlock a CA. */
  public static final Duration LIMIT = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(CaCommand.class);
  private static final int MAX_ANSWER_BYTES = 256 * 1024;
  private static final int MAX_REASON_BYTES = 8 * 1024;

  /** @throws IllegalArgumentException telling what is expected */
  public CaCommand {
    requireNonNull(program, "program");
    if (program.isBlank()) {
      throw new IllegalArgumentException("CA command: \"\" (expected: a program)");
    }
    if (limit.isNegative() || limit.isZero()) {
      throw new IllegalArgumentException(
          "CA time limit: " + limit.toMillis() + "ms (expected: more than 0)");
    }
  }

  /**
   * Runs the program once.
   *
   * @return what it wrote
   * @throws FactoryException if it refuses, cannot be started, or does not come to an end
   */
  String ask(String request, Map<String, String> environment) {
    ProcessBuilder builder = new ProcessBuilder(program);
    // What a station itself was started with is of no order.
    builder.environment().keySet().removeIf(name -> name.startsWith("FACTORY_"));
    builder.environment().putAll(environment);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw failure(
          "cannot be started (" + e.getMessage() + "; expected: a program that may be executed, and"
              + " its arguments, if any, in a script)",
          e);
    }
    try {
      return answer(process, request);
    } finally {
      end(process);
    }
  }

  private String answer(Process process, String request) {
    long deadline = System.nanoTime() + limit.toNanos();
    CompletableFuture<byte[]> answer = readAsync(process.getInputStream(), MAX_ANSWER_BYTES);
    CompletableFuture<byte[]> reason = readAsync(process.getErrorStream(), MAX_REASON_BYTES);
    try {
      give(process, request);
      if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        throw new TimeoutException();
      }
      if (process.exitValue() != 0) {
        String story = text(reason.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
        // The reason need not be in the first line: openssl begins with its configuration.
        LOG.warn("CA command failed program={} stderr={}", program, story.strip());
        throw failure("refused (exit code " + process.exitValue() + "): " + firstLine(story), null);
      }
      // Its standard error may be open still: an ssh that is shared keeps that of who began it.
      return text(answer.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      throw failure(
          "no answer within " + limit.toMillis() / 1000.0 + " s, and was ended (expected: a"
              + " certificate; a longer limit, where a CA takes longer)",
          e);
    } catch (ExecutionException e) {
      throw failure("its answer cannot be read (" + e.getCause() + ")", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("was interrupted", e);
    }
  }

  /** A program that does not want its request tells by its exit code. */
  private static void give(Process process, String request) {
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(request.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      LOG.debug("CA command did not read its request reason={}", e.toString());
    }
  }

  /** Threads of their own: who writes much of one must not wait for us to read the other. */
  private static CompletableFuture<byte[]> readAsync(InputStream stream, int max) {
    CompletableFuture<byte[]> read = new CompletableFuture<>();
    Thread reader = new Thread(
        () -> {
          try (stream) {
            byte[] bytes = stream.readNBytes(max);
            stream.transferTo(OutputStream.nullOutputStream());
            read.complete(bytes);
          } catch (IOException e) {
            read.completeExceptionally(e);
          }
        },
        "ca-command");
    reader.setDaemon(true);
    reader.start();
    return read;
  }

  /** It first: a script whose command is ended goes on with the next one. */
  private static void end(Process process) {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly();
    started.forEach(ProcessHandle::destroyForcibly);
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static String firstLine(String story) {
    return story
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .map(Quoted::of)
        .orElse("it gave no reason (expected: one on its standard error)");
  }

  private FactoryException failure(String message, @Nullable Throwable cause) {
    return new FactoryException("CA command " + program + ": " + message, cause);
  }
}
