/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.inventory;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is asked about a device that is another tomorrow. Kept as it was asked, so that two who ask
 * the same are known to.
 *
 * @param seen how long ago it was connected; it is now, while it is connected
 * @param certificateEnds how soon its newest live certificate ends; one that has ended does so soon
 * @param renewalOverdue it has live certificates, and should have renewed the newest by now; also
 *     if that has ended since
 */
public record Timely(
    Optional<Connected> connected,
    List<Span> seen,
    List<Span> certificateEnds,
    boolean renewalOverdue) {
  /** Nothing. */
  public static final Timely ANY = new Timely(Optional.empty(), List.of(), List.of());

  /** Until when a device was connected that still is. */
  static final Instant STILL = Instant.parse("9999-12-31T00:00:00Z");

  private static final int MAX = 4;

  /** Whatever about its renewals. */
  public Timely(Optional<Connected> connected, List<Span> seen, List<Span> certificateEnds) {
    this(connected, seen, certificateEnds, false);
  }

  public Timely {
    seen = few("seen", seen);
    certificateEnds = few("cert.expires", certificateEnds);
  }

  private static List<Span> few(String name, List<Span> spans) {
    if (spans.size() > MAX) {
      throw new IllegalArgumentException(
          name + ": " + spans.size() + " times (expected: at most " + MAX + ")");
    }
    return spans.stream().distinct().toList();
  }

  /** Whether it asks about connections, of which only a broker can tell. */
  public boolean asksOfConnections() {
    return connected.isPresent() || !seen.isEmpty();
  }

  /** SQL about {@code device d} and one of its columns, which has an index. */
  record Condition(String sql, Map<String, Instant> values) {}

  /** One for each column that is asked about. */
  List<Condition> conditions(Instant now) {
    List<Condition> conditions = new ArrayList<>();
    if (asksOfConnections()) {
      conditions.add(seenCondition(now));
    }
    if (!certificateEnds.isEmpty()) {
      conditions.add(endsCondition(now));
    }
    if (renewalOverdue) {
      conditions.add(new Condition(" AND d.renew_by < :renewBy", Map.of("renewBy", now)));
    }
    return conditions;
  }

  private Condition seenCondition(Instant now) {
    StringBuilder sql = new StringBuilder();
    Map<String, Instant> values = new LinkedHashMap<>();
    connected.ifPresent(one -> {
      switch (one) {
        case ONLINE -> sql.append(" AND d.seen_until = :still");
        case OFFLINE -> sql.append(" AND d.seen_until < :still");
        case NEVER -> sql.append(" AND d.seen_until IS NULL");
      }
      if (one != Connected.NEVER) {
        values.put("still", STILL);
      }
    });
    for (Span span : seen) {
      String name = "seen" + values.size();
      sql.append(" AND d.seen_until ").append(span.less() ? "> :" : "< :").append(name);
      values.put(name, now.minus(span.than()));
    }
    return new Condition(sql.toString(), values);
  }

  private Condition endsCondition(Instant now) {
    StringBuilder sql = new StringBuilder();
    Map<String, Instant> values = new LinkedHashMap<>();
    for (Span span : certificateEnds) {
      String name = "ends" + values.size();
      sql.append(" AND d.certificate_ends ").append(span.less() ? "< :" : "> :").append(name);
      values.put(name, now.plus(span.than()));
    }
    return new Condition(sql.toString(), values);
  }
}
