/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.topic;

import static java.util.Objects.requireNonNull;

import dev.muster.protocol.identity.DeviceId;
import dev.muster.protocol.identity.DeviceSubject;
import dev.muster.protocol.identity.FleetName;
import dev.muster.protocol.identity.Quoted;
import java.util.Optional;

/** The topic tree of one device: everything below {@code fleets/<fleet>/devices/<device>/}. */
public final class FleetTopics {
  /**
   * What is asked of the name of a stream, an event or an issuer: one topic level, safe everywhere.
   */
  private static final int MAX_NAME_LENGTH = 64;

  private static final String TELEMETRY = "telemetry";
  private static final String TWIN_DESIRED = "twin/desired";
  private static final String TWIN_REPORTED = "twin/reported";
  private static final String COMMANDS = "commands/";
  private static final String RESULT = "/result";
  private static final String PRESENCE = "presence";
  private static final String REVOCATIONS = "muster/revocations/";
  private static final String APPLIED = "/applied";

  private final String prefix;

  public FleetTopics(DeviceSubject subject) {
    this.prefix = "fleets/" + subject.fleet() + "/devices/" + subject.device() + "/";
  }

  /**
   * Where a device sends the telemetry of one stream. @throws IllegalArgumentException if the name
   * is not usable
   */
  public String telemetry(String stream) {
    return prefix + TELEMETRY + "/" + checkName("stream", stream);
  }

  /** Where a device reports an event. @throws IllegalArgumentException if the name is not usable */
  public String event(String name) {
    return prefix + "events/" + checkName("event", name);
  }

  /** Where a device is told what it should be like. */
  public String twinDesired() {
    return prefix + TWIN_DESIRED;
  }

  /** Where a device says what it is like. */
  public String twinReported() {
    return prefix + TWIN_REPORTED;
  }

  /**
   * Where a device is given one command. @throws IllegalArgumentException if the id is not usable
   */
  public String command(String id) {
    return prefix + COMMANDS + checkName("command", id);
  }

  /** Where a device says how a command went. */
  public String commandResult(String id) {
    return command(id) + RESULT;
  }

  /** Where the backend says whether a device is connected. */
  public String presence() {
    return prefix + PRESENCE;
  }

  /** Where the newest CRL of an issuing CA is published, as DER. */
  public static String revocations(String issuer) {
    return REVOCATIONS + checkName("issuer", issuer);
  }

  /** Where a broker answers that it has applied a CRL. */
  public static String revocationsApplied(String issuer) {
    return revocations(issuer) + APPLIED;
  }

  /**
   * Checks the name of a stream, an event or an issuer.
   *
   * @param what what is named, for the message
   * @return {@code name}
   * @throws IllegalArgumentException unless 1 to 64 of {@code [A-Za-z0-9._-]}, starting with a
   *     letter or digit
   */
  public static String checkName(String what, String name) {
    requireNonNull(name, what);
    if (!isName(name)) {
      throw new IllegalArgumentException(what + ": " + Quoted.of(name)
          + " (expected: 1 to 64 of [A-Za-z0-9._-], starting with a letter or digit)");
    }
    return name;
  }

  /** For each message, so without a regular expression. */
  private static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean letterOrDigit =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letterOrDigit && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
        return false;
      }
    }
    return !text.isEmpty() && text.length() <= MAX_NAME_LENGTH;
  }

  /**
   * A topic of a device, taken apart.
   *
   * @param rest what follows {@code fleets/<fleet>/devices/<device>/}
   */
  public record DeviceTopic(FleetName fleet, DeviceId device, String rest) {
    /** Reads a topic; empty if it is not below the topics of a device. */
    public static Optional<DeviceTopic> parse(String topic) {
      String[] levels = topic.split("/", 5);
      boolean wellFormed = levels.length == 5
          && levels[0].equals("fleets")
          && FleetName.isValid(levels[1])
          && levels[2].equals("devices")
          && DeviceId.isValid(levels[3]);
      return wellFormed
          ? Optional.of(
              new DeviceTopic(new FleetName(levels[1]), new DeviceId(levels[3]), levels[4]))
          : Optional.empty();
    }

    /** Whether the device says here what it is like. */
    public boolean isReported() {
      return rest.equals(TWIN_REPORTED);
    }

    /** Whether the device is told here what it should be like. */
    public boolean isDesired() {
      return rest.equals(TWIN_DESIRED);
    }

    /** The command whose result is sent here. */
    public Optional<String> resultOf() {
      return rest.startsWith(COMMANDS) && rest.endsWith(RESULT)
          ? levelOf(rest.substring(COMMANDS.length(), rest.length() - RESULT.length()))
          : Optional.empty();
    }

    /** The command that is given here. */
    public Optional<String> command() {
      return rest.startsWith(COMMANDS)
          ? levelOf(rest.substring(COMMANDS.length()))
          : Optional.empty();
    }

    /** Whether the backend alone writes here, whatever a policy file says. */
    public boolean isOfBackend() {
      return isDesired() || rest.equals(PRESENCE) || command().isPresent();
    }

    private static Optional<String> levelOf(String text) {
      return text.isEmpty() || text.indexOf('/') >= 0 ? Optional.empty() : Optional.of(text);
    }
  }

  /** A telemetry topic, taken apart. */
  public record TelemetryTopic(FleetName fleet, DeviceId device, String stream) {
    /**
     * Reads a topic; empty if it is not {@code fleets/<fleet>/devices/<device>/telemetry/<stream>}
     * to the letter.
     */
    public static Optional<TelemetryTopic> parse(String topic) {
      String[] levels = topic.split("/", -1);
      boolean wellFormed = levels.length == 6
          && levels[0].equals("fleets")
          && FleetName.isValid(levels[1])
          && levels[2].equals("devices")
          && DeviceId.isValid(levels[3])
          && levels[4].equals(TELEMETRY)
          && isName(levels[5]);
      return wellFormed
          ? Optional.of(
              new TelemetryTopic(new FleetName(levels[1]), new DeviceId(levels[3]), levels[5]))
          : Optional.empty();
    }
  }
}
