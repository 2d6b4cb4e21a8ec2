/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Set;

/** Reads the limits of a role; what is not named has a default that suits who it is. */
final class LimitsReader {
  /** What a limit may be, and is if nobody says otherwise. */
  private record Bounds(int least, int most, int otherwise) {}

  private static final Bounds PAYLOAD_BYTES = new Bounds(1, 16 * 1024 * 1024, 128 * 1024);
  private static final Bounds TOPIC_BYTES = new Bounds(1, 65_535, 256);
  private static final Bounds TOPIC_LEVELS = new Bounds(1, 1_000, 12);
  private static final Bounds FILTERS = new Bounds(0, 100_000, 50);
  private static final Bounds SESSIONS = new Bounds(1, 100_000, 20);
  private static final Bounds IN_FLIGHT = new Bounds(1, 65_535, 100);
  private static final int MOST_RATE = 16 * 1024 * 1024;
  private static final int MIN_KEEP_ALIVE = 5;
  private static final int MAX_KEEP_ALIVE = 1_200;
  private static final int LONGEST_KEEP_ALIVE = 65_535;
  private static final String KEEP_ALIVE = "keepAliveSeconds";
  private static final Set<String> KEYS = Set.of(
      "payloadBytes",
      "messagesPerSecond",
      "bytesPerSecond",
      "topicBytes",
      "topicLevels",
      "filters",
      "sessions",
      "inFlight",
      KEEP_ALIVE);

  private final PolicyProblems problems;
  private final JsonNode limits;
  private final String place;

  private LimitsReader(PolicyProblems problems, JsonNode limits, String place) {
    this.problems = problems;
    this.limits = limits;
    this.place = place;
  }

  /** @param issuer the CA of the role's clients; the empty text if that is not known */
  static ClientLimits read(PolicyProblems problems, JsonNode limits, String place, String issuer) {
    if (!limits.isMissingNode() && problems.isObject(limits, place)) {
      problems.checkKeys(limits, place, KEYS);
    }
    return new LimitsReader(problems, limits, place).read(issuer);
  }

  private ClientLimits read(String issuer) {
    boolean device = ClientSubject.DEVICE_ISSUER.equals(issuer);
    RateLimit usual = device ? RateLimit.DEVICE : RateLimit.NONE;
    int[] keepAlive = keepAlive();
    return new ClientLimits(
        number("payloadBytes", PAYLOAD_BYTES),
        // 0 takes a limit away.
        new RateLimit(
            number("messagesPerSecond", new Bounds(0, MOST_RATE, usual.messagesPerSecond())),
            number("bytesPerSecond", new Bounds(0, MOST_RATE, usual.bytesPerSecond()))),
        number("topicBytes", TOPIC_BYTES),
        number("topicLevels", TOPIC_LEVELS),
        number("filters", FILTERS),
        number("sessions", SESSIONS),
        number("inFlight", IN_FLIGHT),
        keepAlive[0],
        keepAlive[1]);
  }

  private int number(String name, Bounds bounds) {
    JsonNode value = limits.path(name);
    boolean valid =
        value.isInt() && value.intValue() >= bounds.least() && value.intValue() <= bounds.most();
    if (!value.isMissingNode() && !valid) {
      problems.add(
          place + "." + name,
          value + " (expected: " + bounds.least() + " to " + bounds.most() + ")");
    }
    return valid ? value.intValue() : bounds.otherwise();
  }

  private int[] keepAlive() {
    JsonNode value = limits.path(KEEP_ALIVE);
    if (value.isMissingNode()) {
      return new int[] {MIN_KEEP_ALIVE, MAX_KEEP_ALIVE};
    }
    int least = value.path(0).asInt(-1);
    int most = value.path(1).asInt(-1);
    if (value.size() != 2 || least < 1 || most < least || most > LONGEST_KEEP_ALIVE) {
      problems.add(
          place + "." + KEEP_ALIVE,
          value + " (expected: [least, most] of 1 to " + LONGEST_KEEP_ALIVE + ")");
      return new int[] {MIN_KEEP_ALIVE, MAX_KEEP_ALIVE};
    }
    return new int[] {least, most};
  }
}
