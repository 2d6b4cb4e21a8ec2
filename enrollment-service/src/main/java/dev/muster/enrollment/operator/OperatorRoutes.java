/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.security.SecureRandom;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Everything that operators do with identities: devices, manufacturers, certificates. */
public final class OperatorRoutes {
  /**
   * In a request's context: who asks, as the audit log is to call him. Without it he is
   * {@code operator}.
   */
  public static final String ACTOR = "muster.actor";

  /** In a request's context: true if who asks may decide who is trusted. */
  public static final String DECIDES_TRUST = "muster.decides-trust";

  /**
   * In a request's context: false if who asks may not issue certificates by which operators sign
   * in.
   */
  public static final String MAKES_OPERATORS = "muster.makes-operators";

  /** In a request's context: the fleets that who asks is limited to, a list; none for all. */
  public static final String FLEETS = "muster.fleets";

  /**
   * In a request's context: the address that it came from. Without it, that is where its connection
   * comes from.
   */
  public static final String FROM = "muster.from";

  private OperatorRoutes() {}

  /** Where a request came from. */
  public static String from(RoutingContext request) {
    @Nullable String from = request.get(FROM);
    return from == null ? String.valueOf(request.request().remoteAddress().hostAddress()) : from;
  }

  /** Answers to requests that came with a key, and were kept until then, may be forgotten. */
  public static Instant answersKeptSince(Instant now) {
    return now.minus(Once.KEPT);
  }

  /**
   * Adds the routes to a router that has authenticated the operator and read the body. Expected
   * failures come out as {@link io.vertx.ext.web.handler.HttpException} with a detail for the
   * operator.
   */
  public static void mount(Router router, OperatorParts parts) {
    Work work = new Work(parts.workers());
    new DeviceRoutes(parts, work).mount(router);
    new FacetRoutes(parts, work).mount(router);
    new DeviceExport(parts, work).mount(router);
    new ViewRoutes(parts, work).mount(router);
    new WaitingRoutes(parts, work).mount(router);
    new DecisionRoutes(parts, work).mount(router);
    new LabelRoutes(parts, work).mount(router);
    new BulkRoutes(parts, work, new SecureRandom()).mount(router);
    new HistoryRoutes(parts, work).mount(router);
    new AlarmRoutes(parts, work).mount(router);
    new SummaryRoutes(parts, work).mount(router);
    new ManufacturerRoutes(parts, work).mount(router);
    new ManifestRoutes(parts, work).mount(router);
    new ClaimRoutes(parts, work, new SecureRandom()).mount(router);
    new RenewalRoutes(parts, work).mount(router);
    new CertificateRoutes(parts, work).mount(router);
    new AuditRoutes(parts, work).mount(router);
    new AuthorityRoutes(parts, work).mount(router);
  }
}
