/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.telemetry.TelemetryMessage;
import dev.muster.broker.telemetry.TelemetrySink;
import dev.muster.protocol.telemetry.MessageIdentity;
import dev.muster.protocol.topic.FleetTopics.TelemetryTopic;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a message costs the store, by thread, without MQTT: {@code -Dbench.rate} messages a second
 * of {@code -Dbench.clients} devices, for {@code -Dbench.seconds}.
 */
class StoreBenchmark {
  private static final int RATE = Integer.getInteger("bench.rate", 1_500);
  private static final int DEVICES = Integer.getInteger("bench.clients", 1_000);
  private static final int SECONDS = Integer.getInteger("bench.seconds", 30);
  private static final int WARMUP = Integer.getInteger("bench.warmup", 15);
  private static final int STEPS_PER_SECOND = 50;

  @TempDir
  Path folder;

  private final List<TelemetryTopic> topics = IntStream.range(0, DEVICES)
      .mapToObj(i ->
          TelemetryTopic.parse("fleets/f1/devices/d" + i + "/telemetry/env").orElseThrow())
      .toList();
  private long sent;

  @Test
  void whatAMessageCosts() throws Exception {
    try (Telemetry telemetry = Telemetry.start(
        BrokerChild.configOf(folder, null).core(),
        Clock.systemUTC(),
        new SimpleMeterRegistry(),
        sink -> sink)) {
      run(telemetry.sink(), WARMUP);
      Map<String, Long> before = cpu();
      long[] waits = run(telemetry.sink(), SECONDS);
      Map<String, Long> after = cpu();
      System.out.printf(
          "FIGURE %d messages a second of %d devices: acknowledged after p50 %.1f ms, p99 %.1f ms,"
              + " at most %.1f ms%n",
          RATE, DEVICES, at(waits, 0.5), at(waits, 0.99), at(waits, 1));
      after.forEach((thread, nanos) -> {
        double micros = (nanos - before.getOrDefault(thread, 0L)) / 1e3 / waits.length;
        if (micros > 0.5) {
          System.out.printf("FIGURE %s: %.1f us of CPU for a message%n", thread, micros);
        }
      });
    }
  }

  /** @return how long each waited, in nanoseconds, in order of size */
  private long[] run(TelemetrySink sink, int seconds) {
    ConcurrentLinkedQueue<Long> waits = new ConcurrentLinkedQueue<>();
    AtomicLong open = new AtomicLong();
    long next = System.nanoTime();
    for (int step = 0; step < seconds * STEPS_PER_SECOND; step++) {
      for (int i = 0; i < RATE / STEPS_PER_SECOND; i++) {
        open.incrementAndGet();
        long start = System.nanoTime();
        sink.store(message()).whenComplete((stored, failure) -> {
          if (failure == null) {
            waits.add(System.nanoTime() - start);
          }
          open.decrementAndGet();
        });
      }
      next += 1_000_000_000L / STEPS_PER_SECOND;
      LockSupport.parkNanos(next - System.nanoTime());
    }
    while (open.get() > 0) {
      LockSupport.parkNanos(1_000_000);
    }
    return waits.stream().mapToLong(Long::longValue).sorted().toArray();
  }

  private TelemetryMessage message() {
    int device = (int) (sent % DEVICES);
    long sequence = 1 + sent++ / DEVICES;
    return TelemetryMessage.read(
        topics.get(device),
        new MessageIdentity("b", sequence),
        Instant.now(),
        null,
        ("{\"t\":" + sequence % 100 + "}").getBytes(StandardCharsets.UTF_8));
  }

  private static double at(long[] sorted, double share) {
    return sorted[(int) Math.min(sorted.length - 1, Math.floor(sorted.length * share))] / 1e6;
  }

  /** CPU of each of our threads, in nanoseconds. */
  private static Map<String, Long> cpu() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Map<String, Long> cpu = new HashMap<>();
    for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
      if (thread != null && thread.getThreadName().startsWith("muster")) {
        cpu.merge(
            thread.getThreadName(), threads.getThreadCpuTime(thread.getThreadId()), Long::sum);
      }
    }
    return cpu;
  }
}
