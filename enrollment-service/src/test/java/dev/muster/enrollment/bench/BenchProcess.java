/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.bench;

import dev.muster.enrollment.BenchServer;
import dev.muster.protocol.file.Pem;
import dev.muster.testing.TestPki;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.TrustManager;

/** A server to be measured, in a process of its own. */
final class BenchProcess implements AutoCloseable {
  final int port;
  final TrustManager[] trust;
  private final Process process;

  /** @param classPath with the build that is to be measured */
  BenchProcess(
      String classPath, Path folder, TestPki.Credential factory, boolean durable, int devices)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("factory.pem"), TestPki.pem(List.of(factory.certificate())));
    process = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            // As the muster command starts it.
            "-XX:+UseSerialGC",
            "-Xmx1g",
            "-cp",
            classPath,
            BenchServer.class.getName(),
            folder.toString(),
            durable ? "durable" : "memory",
            Integer.toString(devices))
        .redirectError(folder.resolve("errors.txt").toFile())
        .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    int found = 0;
    while (found == 0) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the server did not start: " + folder.resolve("errors.txt"));
      }
      found = line.startsWith("ready ") ? Integer.parseInt(line.substring(6)) : 0;
    }
    port = found;
    trust = EstConnection.trusting(
        Pem.certificates(Files.readString(folder.resolve("root.pem"))).get(0));
    Thread drain = new Thread(() -> output.lines().forEach(line -> {}));
    drain.setDaemon(true);
    drain.start();
  }

  ThreadCpu cpu() {
    return ThreadCpu.of(process.pid());
  }

  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
