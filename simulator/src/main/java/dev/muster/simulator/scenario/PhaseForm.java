/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.scenario;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** How a phase is written. */
enum PhaseForm {
  ENROLL("{for: 60s}", values -> new Phase.Enroll(values.duration("for")), "for"),
  RAMP("{for: 10s}", values -> new Phase.Ramp(values.duration("for")), "for"),
  STEADY("{for: 30s}", values -> new Phase.Steady(values.duration("for")), "for"),
  RECOVERY("{for: 2m}", values -> new Phase.Recovery(values.duration("for")), "for"),
  BURST(
      "{for: 10s, factor: 10}",
      values -> new Phase.Burst(values.duration("for"), values.number("factor", 0.01, 1000)),
      "for",
      "factor"),
  FLOOD(
      "{for: 10s, devices: 1}",
      values -> new Phase.Flood(values.duration("for"), values.whole("devices", 1, 10_000)),
      "for",
      "devices"),
  RECONNECT_STORM(
      "{for: 30s, share: 50%}",
      values -> new Phase.ReconnectStorm(values.duration("for"), values.share("share")),
      "for",
      "share"),
  PARTITION(
      "{for: 20s, share: 30%}",
      values -> new Phase.Partition(values.duration("for"), values.share("share")), "for", "share"),
  HALF_OPEN(
      "{for: 90s, share: 30%}",
      values -> new Phase.HalfOpen(
          values.duration("for"), values.share("share"), values.durationIfAny("timeout")),
      "for",
      "share",
      "timeout"),
  SLOW_NETWORK(
      "{for: 20s, share: 30%, delay: 200ms, bandwidth: 2000, loss: 5%}",
      PhaseForm::slowNetwork, "for", "share", "delay", "bandwidth", "loss"),
  POWER_CUT(
      "{for: 20s, share: 30%}",
      values -> new Phase.PowerCut(values.duration("for"), values.share("share")), "for", "share"),
  KILL_SERVER(
      "{for: 60s, times: 10}", PhaseForm::killServer, "for", "times", "within", "online", "retry"),
  HOOK(
      "{for: 60s, begin: COMMAND, end: COMMAND}",
      values -> new Phase.Hook(
          values.duration("for"), values.command("begin"), values.commandIfAny("end")),
      "for",
      "begin",
      "end"),
  ROTATION(
      "{for: 30s, share: 100%}",
      values -> new Phase.Rotation(values.duration("for"), values.share("share")), "for", "share"),
  MASS_REVOCATION(
      "{for: 20s, share: 10%}",
      values -> new Phase.MassRevocation(values.duration("for"), values.share("share")),
      "for",
      "share"),
  TWIN_CHANGE(
      "{for: 30s, share: 100%}",
      values -> new Phase.TwinChange(values.duration("for"), values.share("share")),
      "for",
      "share"),
  COMMANDS(
      "{for: 30s, share: 100%}",
      values -> new Phase.Commands(values.duration("for"), values.share("share")), "for", "share"),
  CLOCK_JUMP(
      "{for: 20s, share: 10%, by: 1h}",
      values ->
          new Phase.ClockJump(values.duration("for"), values.share("share"), values.jump("by")),
      "for",
      "share",
      "by"),
  CLONE(
      "{for: 20s, share: 5%}",
      values -> new Phase.Clone(values.duration("for"), values.share("share")), "for", "share"),
  WRONG_CERTIFICATE(
      "{for: 20s, share: 5%}",
      values -> new Phase.WrongCertificate(values.duration("for"), values.share("share")),
      "for",
      "share");

  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)");
  private static final Pattern SHARE = Pattern.compile("(\\d{1,3}(?:\\.\\d{1,6})?) ?%");

  private final String example;
  private final Function<Values, Phase> reading;
  private final Set<String> keys;

  PhaseForm(String example, Function<Values, Phase> reading, String... keys) {
    this.example = example;
    this.reading = reading;
    this.keys = Set.of(keys);
  }

  private static Phase slowNetwork(Values values) {
    values.requireAny("delay", "bandwidth", "loss");
    Duration delay = values.durationIfAny("delay");
    return new Phase.SlowNetwork(
        values.duration("for"),
        values.share("share"),
        delay == null ? Duration.ZERO : delay,
        values.has("bandwidth") ? values.number("bandwidth", 1, 1e9) : 0,
        values.has("loss") ? values.share("loss") : 0);
  }

  private static Phase killServer(Values values) {
    if (values.has("online") || values.has("retry")) {
      values.requireAny("within");
    }
    return new Phase.KillServer(
        values.duration("for"),
        values.whole("times", 1, 100_000),
        values.durationIfAny("within"),
        values.has("online") ? values.share("online") : 0,
        values.durationIfAny("retry"));
  }

  /** What stands behind the keys of a phase; notes what does not fit. */
  interface Values {
    boolean has(String key);

    /** One of them at least. */
    void requireAny(String... keys);

    Duration duration(String key);

    @Nullable Duration durationIfAny(String key);

    /** All, if it is not there. */
    double share(String key);

    double number(String key, double least, double most);

    int whole(String key, int least, int most);

    /** For a shell. */
    String command(String key);

    @Nullable String commandIfAny(String key);

    /** Forward, or back with a minus; not zero. */
    Duration jump(String key);
  }

  static @Nullable PhaseForm named(String name) {
    return Arrays.stream(values())
        .filter(form -> form.word().equals(name))
        .findFirst()
        .orElse(null);
  }

  static List<String> names() {
    return Arrays.stream(values()).map(PhaseForm::word).toList();
  }

  private String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  Phase read(Values values) {
    return reading.apply(values);
  }

  Set<String> keys() {
    return keys;
  }

  String example() {
    return example;
  }

  /** @return null if it is no duration */
  static @Nullable Duration duration(String text) {
    Matcher match = DURATION.matcher(text);
    if (!match.matches()) {
      return null;
    }
    long count = Long.parseLong(match.group(1));
    return switch (match.group(2)) {
      case "ms" -> Duration.ofMillis(count);
      case "s" -> Duration.ofSeconds(count);
      case "m" -> Duration.ofMinutes(count);
      default -> Duration.ofHours(count);
    };
  }

  /** @return null if it is no duration, with or without a minus, or zero */
  static @Nullable Duration jump(String text) {
    boolean back = text.startsWith("-");
    Duration length = duration(back ? text.substring(1) : text);
    if (length == null || length.isZero()) {
      return null;
    }
    return back ? length.negated() : length;
  }

  /** @return null if it is no share above 0 % */
  static @Nullable Double share(String text) {
    Matcher match = SHARE.matcher(text);
    double percent = match.matches() ? Double.parseDouble(match.group(1)) : 0;
    return percent > 0 && percent <= 100 ? percent / 100 : null;
  }
}
