/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.access;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Who may ask for what. A route that does not stand here is closed to everybody.
 *
 * <p>Each line: the least role, the method, the path below {@code /api/v1}, and what the audit log
 * calls it, for those routes whose own service keeps no audit log.
 */
final class RouteTable {
  private static final String ANYONE = "anyone";
  private static final String TABLE = """
      anyone   POST   /access/session
      anyone   POST   /access/setup
      viewer   GET    /access/session
      viewer   DELETE /access/session
      viewer   POST   /access/password
      viewer   GET    /access/sessions
      viewer   DELETE /access/sessions/:session
      viewer   GET    /access/tokens
      viewer   POST   /access/tokens
      viewer   DELETE /access/tokens/:token
      viewer   GET    /access/views
      viewer   PUT    /access/views/:view
      viewer   DELETE /access/views/:view
      admin    GET    /access/operators
      admin    POST   /access/operators
      admin    POST   /access/operators/:operator/role
      admin    POST   /access/operators/:operator/link
      admin    DELETE /access/operators/:operator

      viewer   GET    /openapi.json
      viewer   GET    /health
      viewer   GET    /summary/identities
      viewer   GET    /summary/traffic
      viewer   GET    /manufacturers
      viewer   GET    /manufacturers/:name
      viewer   GET    /manufacturers/:name/review
      officer  POST   /manufacturers
      officer  POST   /manufacturers/:name/proof
      officer  POST   /manufacturers/:name/policy
      officer  POST   /manufacturers/:name/disable
      officer  POST   /manufacturers/:name/enable
      officer  POST   /manufacturers/:name/crl
      officer  POST   /manufacturers/:name/cas/:ca/remove
      officer  POST   /manufacturers/:name/manifest
      viewer   GET    /manifests
      viewer   GET    /claims
      officer  POST   /claims
      officer  POST   /claims/:id/revoke
      viewer   GET    /facets/devices
      viewer   GET    /devices
      viewer   GET    /devices/:id
      viewer   GET    /devices/:id/history
      viewer   GET    /waiting
      operator POST   /devices/:id/approve
      operator POST   /devices/:id/refuse
      officer  POST   /devices/:id/release
      officer  POST   /devices/:id/retire
      officer  POST   /devices/:id/transfer
      operator POST   /devices/:id/tags
      operator POST   /devices/:id/groups
      viewer   GET    /groups
      operator POST   /bulk/preview
      operator POST   /bulk/tags
      operator POST   /bulk/groups
      officer  POST   /bulk/retire
      officer  POST   /bulk/revoke
      viewer   GET    /bulk
      viewer   GET    /bulk/:job
      viewer   GET    /bulk/:job/results
      operator POST   /bulk/:job/cancel
      viewer   GET    /certificates
      viewer   GET    /certificates/renew-now
      viewer   GET    /certificates/:serial
      officer  POST   /certificates
      officer  POST   /certificates/renew-now
      officer  POST   /certificates/:serial/revoke
      officer  POST   /certificates/:serial/hold
      officer  POST   /certificates/:serial/unhold
      viewer   GET    /authorities
      officer  POST   /authorities/:id/roll-over
      viewer   GET    /audit
      viewer   GET    /audit/checkpoints
      viewer   GET    /alarms
      operator POST   /alarms/:id/acknowledge

      viewer   GET    /devices/:id/telemetry
      viewer   GET    /devices/:id/telemetry/latest
      viewer   GET    /devices/:id/telemetry/raw
      viewer   GET    /devices/:id/messages
      viewer   GET    /devices/:id/gaps
      viewer   GET    /devices/:id/clock
      viewer   GET    /telemetry
      viewer   GET    /telemetry/latest
      viewer   GET    /telemetry/export
      viewer   GET    /telemetry/live
      viewer   GET    /devices/:id/dead-letters
      viewer   GET    /dead-letters
      viewer   GET    /dead-letters/:letter
      operator POST   /dead-letters/:letter/replay        dead-letter.replay-ordered
      operator POST   /dead-letters/:letter/discard       dead-letter.discard-ordered
      viewer   GET    /devices/:id/twin
      operator PATCH  /devices/:id/twin                   twin.change-ordered
      operator PUT    /devices/:id/twin                   twin.change-ordered
      viewer   GET    /devices/:id/commands
      operator POST   /devices/:id/commands               command.ordered
      viewer   GET    /commands/:command
      operator POST   /commands/:command/cancel           command.cancel-ordered
      viewer   GET    /devices/:id/presence
      viewer   GET    /devices/:id/connections
      viewer   GET    /presence
      viewer   GET    /sessions
      viewer   GET    /sessions/:client/explain
      viewer   GET    /sessions/alarms
      operator POST   /sessions/alarms/:alarm/acknowledge alarm.acknowledge-ordered
      viewer   GET    /refusals/:name
      viewer   GET    /policy
      operator POST   /policy/preview
      """;

  static final List<Entry> ENTRIES =
      TABLE.lines().filter(line -> !line.isBlank()).map(RouteTable::entry).toList();

  private RouteTable() {}

  /**
   * One route.
   *
   * @param least empty if anyone may ask
   * @param audit empty if the route's service audits by itself, or nothing is changed
   */
  record Entry(Optional<Role> least, HttpMethod method, String path, Optional<String> audit) {}

  private static Entry entry(String line) {
    String[] words = line.strip().split(" +");
    return new Entry(
        words[0].equals(ANYONE) ? Optional.empty() : Optional.of(Role.of(words[0])),
        HttpMethod.valueOf(words[1].toUpperCase(Locale.ROOT)),
        words[2],
        words.length > 3 ? Optional.of(words[3]) : Optional.empty());
  }
}
