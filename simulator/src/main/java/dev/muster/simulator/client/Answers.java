/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.muster.protocol.topic.FleetTopics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * What a simulated device answers to what it is told: it does every command, and is at once as it
 * should be.
 */
final class Answers {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Answers() {}

  /**
   * A message to be sent.
   *
   * @param version of the twin, if it is about that; else 0
   */
  record Answer(String topic, byte[] payload, long version) {}

  /** The topics to subscribe to. */
  static List<String> filters(FleetTopics topics) {
    return List.of(topics.twinDesired(), topics.command("x").replaceFirst("x$", "+"));
  }

  /** Empty if there is nothing to be said. */
  static Optional<Answer> to(FleetTopics topics, String topic, byte[] payload) {
    return FleetTopics.DeviceTopic.parse(topic)
        .flatMap(told -> told.isDesired()
            ? twin(topics, read(payload))
            : told.command().map(id -> done(topics, id)));
  }

  private static JsonNode read(byte[] payload) {
    try {
      return JSON.readTree(payload);
    } catch (IOException e) {
      return JsonNodeFactory.instance.missingNode();
    }
  }

  private static Optional<Answer> twin(FleetTopics topics, JsonNode told) {
    if (told.path("delta").isEmpty()) {
      return Optional.empty();
    }
    ObjectNode report = JsonNodeFactory.instance.objectNode();
    report.set("reported", told.path("desired"));
    long version = told.path("version").asLong();
    report.put("replace", true).put("desiredVersion", version);
    return Optional.of(answer(topics.twinReported(), report, version));
  }

  private static Answer done(FleetTopics topics, String id) {
    return answer(
        topics.commandResult(id), JsonNodeFactory.instance.objectNode().put("status", "done"), 0);
  }

  private static Answer answer(String topic, ObjectNode json, long version) {
    return new Answer(topic, json.toString().getBytes(StandardCharsets.UTF_8), version);
  }
}
