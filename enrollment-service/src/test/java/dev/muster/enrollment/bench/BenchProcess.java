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
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.TrustManager;

/** A server to be measured, in a process of its own. */
final class BenchProcess implements AutoCloseable {
  /** Of the JVM, as the muster command starts it; for a profile, others may be given. */
  static final String OPTIONS = System.getProperty(
      "bench.options",
      "-XX:+UseParallelGC -XX:-UseAdaptiveSizePolicy -XX:NewSize=128m -XX:SurvivorRatio=2"
          + " -XX:MetaspaceSize=96m -XX:ReservedCodeCacheSize=512m");

  final int port;
  final int coapsPort;
  final X509Certificate root;
  final TrustManager[] trust;
  private final Process process;

  /**
   * @param classPath with the build that is to be measured
   * @param options of its JVM, with a space between
   */
  BenchProcess(
      String classPath,
      String options,
      Path folder,
      TestPki.Credential factory,
      boolean durable,
      int devices)
      throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("factory.pem"), TestPki.pem(List.of(factory.certificate())));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of(options.split(" ")));
    command.addAll(List.of("-cp", classPath, BenchServer.class.getName()));
    command.addAll(
        List.of(folder.toString(), durable ? "durable" : "memory", Integer.toString(devices)));
    process = new ProcessBuilder(command)
        .redirectError(folder.resolve("errors.txt").toFile())
        .start();
    BufferedReader output =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String[] found = {};
    while (found.length == 0) {
      String line = output.readLine();
      if (line == null) {
        throw new IOException("the server did not start: " + folder.resolve("errors.txt"));
      }
      found = line.startsWith("ready ") ? line.substring(6).split(" ") : found;
    }
    port = Integer.parseInt(found[0]);
    coapsPort = Integer.parseInt(found[1]);
    root = Pem.certificates(Files.readString(folder.resolve("root.pem"))).get(0);
    trust = EstConnection.trusting(root);
    Thread drain = new Thread(() -> output.lines().forEach(line -> {}));
    drain.setDaemon(true);
    drain.start();
  }

  /** What its memory holds, once what nobody holds was collected. */
  long liveBytes() throws IOException {
    try {
      Process histogram = new ProcessBuilder(
              Path.of(System.getProperty("java.home"), "bin", "jcmd").toString(),
              Long.toString(process.pid()),
              "GC.class_histogram")
          .start();
      String[] lines = new String(histogram.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
          .strip()
          .split("\n");
      histogram.waitFor();
      // Total: instances, bytes.
      String[] total = lines[lines.length - 1].strip().split("\\s+");
      return Long.parseLong(total[2]);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
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
