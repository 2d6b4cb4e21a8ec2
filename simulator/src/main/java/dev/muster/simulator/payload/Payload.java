/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.payload;

import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the devices of a fleet send. */
public interface Payload {
  /** The words for {@link #named}. */
  String NAMES = "day-curve, random-walk, bursts or constant";

  /** Rooms and electricity meters through the day, with the status of the device now and then. */
  Payload DAY_CURVE = Household::new;
  /** One value that wanders. */
  Payload RANDOM_WALK = RandomWalk::new;
  /** One value that stays: the same bytes again and again, but for the time. */
  Payload CONSTANT =
      random -> at -> new Reading("load", List.of(Sensor.number("value", "1", at, 21.5, 1)));

  /** Little for long, and now and then much at once: a few messages with a waveform each. */
  Payload BURSTS = Bursts::new;

  /** What one device sends. */
  MessageSource source(SplittableRandom random);

  /** @return null if there is none of that name */
  static @Nullable Payload named(String name) {
    return switch (name) {
      case "day-curve" -> DAY_CURVE;
      case "random-walk" -> RANDOM_WALK;
      case "bursts" -> BURSTS;
      case "constant" -> CONSTANT;
      default -> null;
    };
  }

  /** Of several, a message of each in turn. @param payloads one or more */
  static Payload several(List<Payload> payloads) {
    List<Payload> kept = List.copyOf(payloads);
    return random -> {
      List<MessageSource> sources =
          kept.stream().map(payload -> payload.source(random.split())).toList();
      Iterator<MessageSource> turn =
          Stream.generate(() -> sources).flatMap(List::stream).iterator();
      return at -> turn.next().next(at);
    };
  }

  /**
   * What was recorded: a column for each metric under its name, a row for each message; a column
   * {@code time} is passed over, because messages are sent when the scenario says. Each device
   * begins with another row, and after the last comes the first.
   *
   * @throws IllegalArgumentException naming file and line
   */
  static Payload csv(Path file) {
    return CsvReplay.read(file);
  }
}
