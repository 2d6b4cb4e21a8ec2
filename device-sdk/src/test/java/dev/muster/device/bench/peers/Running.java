/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A {@link ClientProgram} in a JVM of its own, with the jars of its client alone. */
final class Running implements AutoCloseable {
  private static final List<String> FLAGS = List.of(
      "-Xmx32m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData");
  private static final int NANOS_PER_TICK = 10_000_000;

  /** All have what is ours, and the two that the program itself knows. */
  private static final String COMMON = "/test-classes|slf4j-api|mqttv5";

  private static final String OURS = "ours";

  private static final Map<String, String> JARS = Map.of(
      "hivemq", "hivemq-mqtt-client|rxjava|reactive-streams|netty|jctools|dagger|javax.inject",
      "aws", "aws-iot-device-sdk|aws-crt",
      "azure",
          "iot-device-client|proton-j|commons-lang3|mqttv3|security-provider|commons-codec|gson");

  private final Process process;
  private final BufferedReader answers;
  private final PrintStream orders;
  private final long startNanos;

  Running(String client, Link link) throws IOException {
    List<String> command = Stream.of(
            Stream.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()),
            FLAGS.stream(),
            Arrays.stream(System.getProperty("bench.flags", "").split(" "))
                .filter(flag -> !flag.isEmpty()),
            Stream.of(
                "-cp",
                classPath(client),
                ClientProgram.class.getName(),
                client,
                link.host(),
                Integer.toString(link.port()),
                link.folder().toString()))
        .flatMap(part -> part)
        .toList();
    long begun = System.nanoTime();
    process = new ProcessBuilder(command)
        .redirectError(link.folder().resolve(client + ".err").toFile())
        .start();
    answers = process.inputReader();
    orders = new PrintStream(process.getOutputStream(), true);
    String answer = answers.readLine();
    startNanos = System.nanoTime() - begun;
    if (!"connected".equals(answer)) {
      throw new IOException(
          client + ": " + Files.readString(link.folder().resolve(client + ".err")));
    }
  }

  private static String classPath(String client) throws IOException {
    Pattern wanted = Pattern.compile(COMMON + "|" + JARS.getOrDefault(client, "none"));
    Stream<String> entries = Arrays.stream(
            System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> wanted.matcher(entry).find());
    return (client.startsWith(OURS) ? Stream.concat(Stream.of(allInOneJar()), entries) : entries)
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** Ours as firmware has it: in one jar. Opening BouncyCastle's alone costs 3 MB. */
  private static String allInOneJar() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("target"))) {
      return files
          .map(Path::toString)
          .filter(file -> file.endsWith("-all.jar"))
          .findFirst()
          .orElseThrow(() -> new IllegalStateException(
              "no target/*-all.jar: run ./mvnw -DskipTests package -pl device-sdk -am first"));
    }
  }

  /** From the start of the JVM to the CONNACK. */
  double startMs() {
    return startNanos / 1e6;
  }

  /** Of the whole process, user and system. */
  double cpuMs() throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * NANOS_PER_TICK / 1e6;
  }

  double residentMb() throws IOException {
    try (Stream<String> lines =
        Files.lines(Path.of("/proc", Long.toString(process.pid()), "status"))) {
      return lines
          .filter(line -> line.startsWith("VmRSS"))
          .mapToDouble(line -> Double.parseDouble(line.replaceAll("\\D", "")) / 1024)
          .findFirst()
          .orElseThrow();
    }
  }

  /** What became of an order to publish. */
  record Published(long sent, long acknowledged) {}

  /** @param rate messages a second; 0 for as many as it can */
  Published publish(int outstanding, int seconds, int rate) throws IOException {
    orders.println(outstanding + " " + seconds + " " + rate);
    String[] counts = answers.readLine().split(" ");
    return new Published(Long.parseLong(counts[0]), Long.parseLong(counts[1]));
  }

  @Override
  public void close() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
