/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.publicweb.WebAnswer;
import dev.muster.enrollment.publicweb.WebAnswer.Freshness;
import dev.muster.enrollment.publicweb.WebFeature;
import dev.muster.enrollment.publicweb.WebPage;
import io.vertx.core.Future;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;

/** CRLs over plain HTTP (RFC 5280, 4.2.1.13; RFC 2585, 3). */
public final class CrlPages implements WebFeature {
  private static final String TYPE = "application/pkix-crl";

  /** Short, because a revocation may come at any time. */
  private static final Duration MAX_AGE = Duration.ofMinutes(1);

  private final CrlPublisher publisher;
  private final Clock clock;

  public CrlPages(CrlPublisher publisher, Clock clock) {
    this.publisher = publisher;
    this.clock = clock;
  }

  @Override
  public Optional<WebPage> find(String path) {
    return CrlPaths.parse(path)
        .flatMap(place -> publisher.current(place.issuer(), place.shard()))
        .map(crl -> WebPage.get(() -> Future.succeededFuture(answer(crl))));
  }

  private WebAnswer answer(PublishedCrl crl) {
    return WebAnswer.fresh(
        TYPE,
        crl.der(),
        new Freshness(
            crl.issuer() + "-" + crl.shard() + "-" + crl.number(),
            crl.thisUpdate(),
            MAX_AGE,
            clock.instant().plus(MAX_AGE)));
  }
}
