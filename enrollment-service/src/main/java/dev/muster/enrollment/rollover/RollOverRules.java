/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.rollover;

import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.Authority.State;
import dev.muster.enrollment.authority.AuthorityHistory;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * When which CA follows the other, without anybody standing by. A CA is rolled over before what it
 * signs would be cut short by its own end.
 *
 * <p>Pure: no clock, no files, no registry.
 */
final class RollOverRules {
  /** Roots first: what is made after that is made under the new one. */
  private static final List<String> KINDS =
      List.of(AuthorityHistory.ROOT, AuthorityHistory.DEVICE, AuthorityHistory.SERVICE);

  /** Whatever is being signed by a CA that has just retired is recorded by then. */
  private static final Duration SETTLING = Duration.ofMinutes(1);

  private final RollOverConfig config;
  private final Map<String, Duration> longest;

  /** @param longest how long what is signed by a CA of each kind lives */
  RollOverRules(RollOverConfig config, Map<String, Duration> longest) {
    this.config = config;
    this.longest = Map.copyOf(longest);
  }

  /** When the last certificate of a CA ends that was not revoked; empty if it has none. */
  interface LastEnd {
    Optional<Instant> of(String id);
  }

  /** The next step that is due; empty if none is. */
  Optional<RollOverStep> due(AuthorityHistory history, LastEnd lastEnd, Instant now) {
    Stream<Optional<RollOverStep>> byKind = KINDS.stream()
        .map(kind -> history
            .prepared(kind)
            .map(prepared -> activation(history, prepared, now))
            .orElseGet(() -> preparation(history, kind, now)));
    Stream<Optional<RollOverStep>> endings =
        history.all().stream().map(authority -> ending(history, authority, lastEnd, now));
    return Stream.concat(byKind, endings).flatMap(Optional::stream).findFirst();
  }

  /** How long a CA of that kind is made known before it is used. */
  Duration leadTime(String kind) {
    return kind.equals(AuthorityHistory.ROOT) ? config.rootLeadTime() : config.leadTime();
  }

  /** In its time, or at once if the one before has ended, which nobody can wait for. */
  private Optional<RollOverStep> activation(
      AuthorityHistory history, Authority prepared, Instant now) {
    String kind = prepared.kind();
    boolean known = !now.isBefore(prepared.since().plus(leadTime(kind)));
    boolean late = history.isActive(kind) && now.isAfter(history.active(kind).notAfter());
    return known || late ? Optional.of(new RollOverStep.Activate(prepared.id())) : Optional.empty();
  }

  private Optional<RollOverStep> preparation(AuthorityHistory history, String kind, Instant now) {
    if (!history.isActive(kind) || !history.isActive(AuthorityHistory.ROOT)) {
      return Optional.empty();
    }
    Authority active = history.active(kind);
    Authority root = history.active(AuthorityHistory.ROOT);
    Instant needed = now.plus(longest.get(kind)).plus(leadTime(kind));
    // One that would end with its root just as the one before is of no use.
    boolean runsOut = active.notAfter().isBefore(needed)
        && (active.isRoot() || root.notAfter().isAfter(active.notAfter()));
    boolean orphaned = !active.isRoot() && !active.parent().equals(root.id());
    return runsOut || orphaned ? Optional.of(new RollOverStep.Prepare(kind)) : Optional.empty();
  }

  private static Optional<RollOverStep> ending(
      AuthorityHistory history, Authority authority, LastEnd lastEnd, Instant now) {
    boolean over = authority.state() == State.COMPROMISED && now.isAfter(authority.notAfter())
        || authority.state() == State.RETIRING
            && !now.isBefore(authority.since().plus(SETTLING))
            && (authority.isRoot()
                ? isChildless(history, authority)
                : lastEnd.of(authority.id()).map(end -> !now.isBefore(end)).orElse(true));
    return over ? Optional.of(new RollOverStep.End(authority.id())) : Optional.empty();
  }

  private static boolean isChildless(AuthorityHistory history, Authority root) {
    return history.all().stream()
        .noneMatch(
            other -> !other.isRoot() && other.isTrusted() && other.parent().equals(root.id()));
  }
}
