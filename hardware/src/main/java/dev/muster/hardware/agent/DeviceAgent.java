/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import dev.muster.device.CommandContext;
import dev.muster.device.CommandResult;
import dev.muster.device.DeviceLog;
import dev.muster.device.DeviceStatistics;
import dev.muster.device.FleetDevice;
import dev.muster.device.MessageClass;
import dev.muster.hardware.sensor.Reading;
import dev.muster.hardware.sensor.SysfsSensors;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends what the machine's sensors say, as often as the twin wants it
 * ({@code {"samplingSeconds":30}}), tells how it gets on itself, and restarts the machine on
 * command, if it may. Has two threads besides the SDK's, and one more for each driver of sensors
 * that does not answer, up to four.
 */
public final class DeviceAgent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceAgent.class);
  private static final String SAMPLING = "samplingSeconds";
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(30);

  /** On which the SDK itself tells its losses. */
  private static final String OWN_STREAM = "sdk";

  private final AgentConfig config;
  private final FleetDevice device;
  private final SysfsSensors sensors;
  private final Clock clock;
  private final Sampler sampler;
  private long statisticsDue = System.nanoTime(); // Of the sampler's thread.

  private DeviceAgent(AgentConfig config, Clock clock) {
    this.config = config;
    this.device = config.device();
    this.sensors = new SysfsSensors(config.sys());
    this.clock = clock;
    this.sampler = new Sampler(this::sample, config.interval(), Supervisor.of(System.getenv()));
  }

  /**
   * Starts, and returns at once; network and servers may come later.
   *
   * @throws IllegalArgumentException naming the file that does not hold what it should
   * @throws dev.muster.device.key.KeyUnavailableException if the hardware with the IDevID's key
   *     does not answer
   */
  public static DeviceAgent start(AgentConfig config, Clock clock) {
    DeviceAgent agent = new DeviceAgent(config, clock);
    if (!config.reboot().isEmpty()) {
      agent.device.onCommand("reboot", (command, context) -> agent.reboot(context));
    }
    agent.device.onCommand(DeviceLog.COMMAND, agent.device.log());
    agent.device.twin().onDesired(agent::desired);
    agent.device.start();
    agent.sampler.start();
    return agent;
  }

  /** How the device is. */
  public FleetDevice device() {
    return device;
  }

  /** Answered first: afterwards there may be no program to do it. */
  private CommandResult reboot(CommandContext context) throws Exception {
    LOG.warn("Machine restarts, by command program={}", config.reboot().get(0));
    restart(config.reboot(), context.answer(CommandResult.done()), ANSWER_LIMIT);
    return CommandResult.done();
  }

  /** A disk that does not answer is one more reason. */
  static void restart(List<String> program, Future<?> answered, Duration limit) throws Exception {
    try {
      answered.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.warn("Machine restarts, though the answer to the command is not on disk");
    }
    restart(program);
  }

  /** The answer has gone, so that only the log can tell of a failure. */
  private static void restart(List<String> program) throws IOException {
    new ProcessBuilder(program).inheritIO().start().onExit().thenAccept(ended -> {
      if (ended.exitValue() != 0) {
        LOG.error(
            "Machine not restarted program={} exitCode={}", program.get(0), ended.exitValue());
      }
    });
  }

  private void desired(Map<String, Object> desired) {
    Object seconds = desired.get(SAMPLING);
    Duration wanted = seconds == null ? config.interval() : duration(seconds);
    sampler.changeInterval(wanted);
    device.twin().report(Map.of(SAMPLING, wanted.toSeconds()));
  }

  private static Duration duration(Object seconds) {
    if (seconds instanceof Long whole) {
      Duration wanted = Duration.ofSeconds(whole);
      if (AgentConfig.isPossible(wanted)) {
        return wanted;
      }
    }
    // Thrown, so that the backend is not told that this was taken over.
    throw new IllegalArgumentException(
        SAMPLING + ": " + seconds + " (expected: a whole number from 1 to 86400)");
  }

  /** @return whether there are sensors left that may be asked */
  private boolean sample() {
    tellStatistics();
    List<Measurement> measurements = measurements(sensors.read(), clock.instant());
    if (!measurements.isEmpty()) {
      device.telemetry(config.stream()).send(measurements);
    }
    return !sensors.isHeldUp();
  }

  /** Not worth the disk: what does not get through is told anew. */
  private void tellStatistics() {
    long now = System.nanoTime();
    if (!config.statistics().isZero() && now - statisticsDue >= 0) {
      statisticsDue = now + config.statistics().toNanos();
      device
          .telemetry(OWN_STREAM, MessageClass.DEBUG)
          .send(measurements(device.statistics(), clock.instant()));
    }
  }

  static List<Measurement> measurements(DeviceStatistics statistics, Instant time) {
    List<Measurement> measurements = new ArrayList<>(List.of(
        count("waiting", statistics.waiting(), time),
        seconds("waiting.oldest", statistics.oldestWaiting(), time),
        count("lost", statistics.lost(), time),
        count("connections", statistics.connections(), time),
        seconds("connect.time", statistics.lastConnect(), time),
        seconds("key.time", statistics.lastKeyOperation(), time)));
    new TreeMap<>(statistics.connectionEnds())
        .forEach((why, count) -> measurements.add(count("ends." + why, count, time)));
    return measurements;
  }

  private static Measurement count(String name, long count, Instant time) {
    return new Measurement(name, null, time, new Value.Number(count));
  }

  /** To the microsecond: a key in a file is there in less than a millisecond. */
  private static Measurement seconds(String name, Duration duration, Instant time) {
    double seconds = TimeUnit.NANOSECONDS.toMicros(duration.toNanos()) / 1e6;
    return new Measurement(name, "s", time, new Value.Number(seconds));
  }

  /** What is good is a number; what is not says so beside it, or in its place. */
  static List<Measurement> measurements(List<Reading> readings, Instant time) {
    List<Measurement> measurements = new ArrayList<>();
    for (Reading reading : readings) {
      if (reading.hasValue()) {
        measurements.add(new Measurement(
            reading.channel(), reading.unit(), time, new Value.Number(reading.value())));
      }
      if (reading.quality() != Reading.Quality.GOOD) {
        String quality = reading.quality().name().toLowerCase(Locale.ROOT);
        measurements.add(
            new Measurement(reading.channel() + ".quality", null, time, new Value.Text(quality)));
      }
    }
    return measurements;
  }

  /** Blocks for at most 5 s. */
  @Override
  public void close() {
    sampler.close();
    device.close();
  }
}
