/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import io.vertx.ext.web.Router;
import java.security.SecureRandom;

/** Everything that operators do with identities: devices, manufacturers, certificates. */
public final class OperatorRoutes {
  /**
   * In a request's context: who asks, as the audit log is to call him. Without it he is
   * {@code operator}.
   */
  public static final String ACTOR = "muster.actor";

  private OperatorRoutes() {}

  /**
   * Adds the routes to a router that has authenticated the operator and read the body. Expected
   * failures come out as {@link io.vertx.ext.web.handler.HttpException} with a detail for the
   * operator.
   */
  public static void mount(Router router, OperatorParts parts) {
    Work work = new Work(parts.workers());
    new DeviceRoutes(parts, work).mount(router);
    new FacetRoutes(parts, work).mount(router);
    new ViewRoutes(parts, work).mount(router);
    new WaitingRoutes(parts, work).mount(router);
    new LabelRoutes(parts, work).mount(router);
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
