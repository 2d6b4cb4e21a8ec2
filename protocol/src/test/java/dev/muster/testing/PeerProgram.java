/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * A program that we did not write, used as an independent peer: openssl, curl, mosquitto_pub.
 *
 * <p>Where it is missing, the test fails in CI ({@code CI=true}); elsewhere it is skipped, and the
 * build says so at its end.
 */
public final class PeerProgram {
  /** Lines of missing programs, shown at the end of the build. */
  private static final Path MISSING =
      Path.of(System.getProperty("muster.root", "."), "target", "missing-peers.txt");

  private final Path executable;

  private PeerProgram(Path executable) {
    this.executable = executable;
  }

  /**
   * Finds a program on the PATH, or in {@code /usr/sbin}; fails or skips the test if it is not
   * there.
   */
  public static PeerProgram require(String name) {
    List<String> folders =
        new ArrayList<>(List.of(System.getenv("PATH").split(File.pathSeparator)));
    folders.add("/usr/sbin");
    for (String folder : folders) {
      Path candidate = Path.of(folder, name);
      if (Files.isExecutable(candidate)) {
        return new PeerProgram(candidate);
      }
    }
    return missing(name, "not on the PATH");
  }

  /**
   * As {@link #require(String)}; and the program must succeed with {@code probe} on this machine.
   */
  public static PeerProgram require(String name, String... probe) {
    PeerProgram program = require(name);
    boolean works = program.run(Path.of("."), probe).exitCode() == 0;
    return works ? program : missing(name, "does not work here");
  }

  /** Finds a PKCS#11 library below {@code /usr/lib}; fails or skips the test if it is not there. */
  public static Path requirePkcs11(String name) {
    try (DirectoryStream<Path> architectures = Files.newDirectoryStream(Path.of("/usr/lib"))) {
      for (Path architecture : architectures) {
        Path library = architecture.resolve("pkcs11").resolve(name);
        if (Files.exists(library)) {
          return library;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return missing(name, "not in /usr/lib/*/pkcs11").executable();
  }

  private static PeerProgram missing(String name, String problem) {
    if ("true".equals(System.getenv("CI"))) {
      Assertions.fail(name + ": " + problem + " (expected: usable, because CI=true)");
    }
    remember(name);
    Assumptions.abort(name + ": " + problem + ", test skipped");
    throw new AssertionError("unreachable");
  }

  /** Skips the test where the machine itself is what it misses, in CI too; the build says so. */
  public static void skip(String what) {
    remember(what);
    Assumptions.abort(what + ", test skipped");
  }

  /** Where the program is. */
  public Path executable() {
    return executable;
  }

  /** What a program did. */
  public record Result(int exitCode, String stdout, String stderr) {
    /** Fails the test, showing both streams, unless the program ended with 0. */
    public Result expectSuccess() {
      Assertions.assertEquals(
          0, exitCode, () -> "exit code; stdout: " + stdout + "\nstderr: " + stderr);
      return this;
    }

    /** Both streams, for looking for a word. */
    public String output() {
      return stdout + stderr;
    }
  }

  /** Runs the program in {@code folder} until it ends, at most 60 s. */
  public Result run(Path folder, String... arguments) {
    return run(folder, new byte[0], Duration.ofSeconds(60), arguments);
  }

  /** Runs the program in {@code folder}, with {@code input} as its standard input. */
  public Result run(Path folder, byte[] input, Duration limit, String... arguments) {
    try {
      Path out = Files.createTempFile("peer", ".out");
      Path err = Files.createTempFile("peer", ".err");
      Process process = start(folder, out, err, arguments);
      try (var stdin = process.getOutputStream()) {
        stdin.write(input);
      } catch (IOException e) {
        // The program did not want its input; its exit code tells.
      }
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly();
        Assertions.fail(
            executable + " did not end within " + limit + "; stderr: " + Files.readString(err));
      }
      Result result = new Result(process.exitValue(), read(out), read(err));
      Files.delete(out);
      Files.delete(err);
      return result;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while running " + executable, e);
    }
  }

  /** Starts the program and returns at once; the caller ends it. */
  public Process start(Path folder, Path out, Path err, String... arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(executable.toString());
    command.addAll(List.of(arguments));
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectOutput(out.toFile())
        .redirectError(err.toFile())
        .start();
  }

  private static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private static void remember(String name) {
    try {
      Files.createDirectories(MISSING.toAbsolutePath().getParent());
      Files.writeString(MISSING, name + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
