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
import java.time.Instant;
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

  /**
   * Two CRLs may have one thisUpdate, but not one number, which is the second in which it was made
   * or a later one. Once that second is over, its end is the date; before, a date tells nothing:
   * whoever got the CRL before in that same second has it, too.
   */
  private WebAnswer answer(PublishedCrl crl) {
    Instant now = clock.instant();
    Instant over = Instant.ofEpochSecond(crl.number()).plusSeconds(1);
    boolean isOver = !over.isAfter(now);
    return WebAnswer.fresh(
        TYPE,
        crl.der(),
        new Freshness(
            crl.issuer() + "-" + crl.shard() + "-" + crl.number(),
            isOver ? over : crl.thisUpdate(),
            isOver,
            MAX_AGE,
            now.plus(MAX_AGE)));
  }
}
