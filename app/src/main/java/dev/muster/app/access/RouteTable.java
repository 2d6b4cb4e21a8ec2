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
 * <p>Each line: the least role, how it is limited for who is limited to some fleets (see
 * {@link Limit}), the method, the path below {@code /api/v1}, and what the audit log calls it, for
 * those routes whose own service keeps no audit log.
 */
final class RouteTable {
  private static final String ANYONE = "anyone";
  private static final String TABLE = """
      anyone   own     POST   /access/session
      anyone   own     GET    /access/ways
      anyone   own     POST   /access/setup
      viewer   own     GET    /access/session
      viewer   own     DELETE /access/session
      viewer   own     POST   /access/password
      viewer   own     GET    /access/sessions
      viewer   own     DELETE /access/sessions/:session
      viewer   own     GET    /access/tokens
      viewer   own     POST   /access/tokens
      viewer   own     DELETE /access/tokens/:token
      viewer   own     GET    /access/views
      viewer   own     PUT    /access/views/:view
      viewer   own     DELETE /access/views/:view
      admin    all     GET    /access/operators
      admin    all     POST   /access/operators
      admin    all     POST   /access/operators/:operator/role
      admin    all     POST   /access/operators/:operator/link
      admin    all     DELETE /access/operators/:operator

      viewer   own     GET    /openapi.json
      viewer   own     GET    /health
      viewer   listed  GET    /summary/identities
      viewer   listed  GET    /summary/traffic
      viewer   all     GET    /manufacturers
      viewer   all     GET    /manufacturers/:name
      viewer   all     GET    /manufacturers/:name/review
      officer  all     POST   /manufacturers
      officer  all     POST   /manufacturers/:name/proof
      officer  all     POST   /manufacturers/:name/policy
      officer  all     POST   /manufacturers/:name/disable
      officer  all     POST   /manufacturers/:name/enable
      officer  all     POST   /manufacturers/:name/crl
      officer  all     POST   /manufacturers/:name/cas/:ca/remove
      officer  all     POST   /manufacturers/:name/manifest
      viewer   all     GET    /manifests
      viewer   all     GET    /claims
      officer  all     POST   /claims
      officer  all     POST   /claims/:id/revoke
      viewer   listed  GET    /facets/devices
      viewer   listed  GET    /export/devices
      viewer   listed  GET    /devices
      viewer   device  GET    /devices/:id
      viewer   device  GET    /devices/:id/history
      viewer   listed  GET    /waiting
      viewer   listed  GET    /decisions
      operator device  POST   /devices/:id/approve
      operator device  POST   /devices/:id/refuse
      officer  device  POST   /devices/:id/release
      officer  device  POST   /devices/:id/retire
      officer  device  POST   /devices/:id/transfer
      operator device  POST   /devices/:id/tags
      operator device  POST   /devices/:id/groups
      viewer   all     GET    /groups
      operator listed  POST   /bulk/preview
      operator listed  POST   /bulk/tags
      operator listed  POST   /bulk/groups
      officer  listed  POST   /bulk/retire
      officer  listed  POST   /bulk/revoke
      viewer   listed  GET    /bulk
      viewer   listed  GET    /bulk/:job
      viewer   listed  GET    /bulk/:job/results
      operator listed  POST   /bulk/:job/cancel
      viewer   listed  GET    /certificates
      viewer   all     GET    /certificates/renew-now
      viewer   listed  GET    /certificates/:serial
      officer  all     POST   /certificates
      officer  all     POST   /certificates/renew-now
      officer  listed  POST   /certificates/:serial/revoke
      officer  listed  POST   /certificates/:serial/hold
      officer  listed  POST   /certificates/:serial/unhold
      viewer   own     GET    /authorities
      officer  all     POST   /authorities/:id/roll-over
      viewer   all     GET    /audit
      viewer   all     GET    /audit/checkpoints
      viewer   listed  GET    /alarms
      operator listed  POST   /alarms/:id/acknowledge

      viewer   device  GET    /devices/:id/telemetry
      viewer   device  GET    /devices/:id/telemetry/latest
      viewer   device  GET    /devices/:id/telemetry/raw
      viewer   device  GET    /devices/:id/messages
      viewer   device  GET    /devices/:id/gaps
      viewer   device  GET    /devices/:id/clock
      viewer   devices GET    /telemetry
      viewer   devices GET    /telemetry/latest
      viewer   devices GET    /telemetry/export
      viewer   devices GET    /telemetry/live
      viewer   device  GET    /devices/:id/dead-letters
      viewer   listed  GET    /dead-letters
      viewer   listed  GET    /dead-letters/:letter
      operator listed  POST   /dead-letters/:letter/replay        dead-letter.replay-ordered
      operator listed  POST   /dead-letters/:letter/discard       dead-letter.discard-ordered
      viewer   device  GET    /devices/:id/twin
      operator device  PATCH  /devices/:id/twin                   twin.change-ordered
      operator device  PUT    /devices/:id/twin                   twin.change-ordered
      viewer   device  GET    /devices/:id/commands
      operator device  POST   /devices/:id/commands               command.ordered
      viewer   listed  GET    /commands/:command
      operator listed  POST   /commands/:command/cancel           command.cancel-ordered
      viewer   device  GET    /devices/:id/presence
      viewer   device  GET    /devices/:id/connections
      viewer   listed  GET    /presence
      viewer   all     GET    /sessions
      viewer   device  GET    /sessions/:client/explain
      viewer   all     GET    /sessions/alarms
      operator all     POST   /sessions/alarms/:alarm/acknowledge alarm.acknowledge-ordered
      viewer   device  GET    /refusals/:name
      viewer   all     GET    /policy
      operator all     POST   /policy/preview
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
  record Entry(
      Optional<Role> least, Limit limit, HttpMethod method, String path, Optional<String> audit) {}

  private static Entry entry(String line) {
    String[] words = line.strip().split(" +");
    return new Entry(
        words[0].equals(ANYONE) ? Optional.empty() : Optional.of(Role.of(words[0])),
        Limit.valueOf(words[1].toUpperCase(Locale.ROOT)),
        HttpMethod.valueOf(words[2]),
        words[3],
        words.length > 4 ? Optional.of(words[4]) : Optional.empty());
  }
}
