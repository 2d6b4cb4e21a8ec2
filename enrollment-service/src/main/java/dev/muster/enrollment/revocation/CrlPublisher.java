/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.inventory.CertificateRecord;
import dev.muster.enrollment.inventory.CertificateStatus;
import dev.muster.enrollment.inventory.Crls;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CrlContents;
import dev.muster.enrollment.issuance.RevocationReason;
import io.vertx.core.buffer.Buffer;
import java.math.BigInteger;
import java.security.cert.CRLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the CRLs of the issuing CAs (RFC 5280, 5), and tells who wants to know.
 *
 * <p>Thread-safe; publishing blocks.
 */
public final class CrlPublisher {
  private static final Logger LOG = LoggerFactory.getLogger(CrlPublisher.class);

  private final Registry registry;
  private final Supplier<Map<String, CertificateIssuer>> issuers;
  private final Duration validity;
  private final Clock clock;
  private final Map<String, PublishedCrl> current = new ConcurrentHashMap<>();
  private volatile Consumer<PublishedCrl> listener = crl -> {};

  /**
   * @param issuers by id, as they are at the time; @param validity from thisUpdate to nextUpdate
   */
  public CrlPublisher(
      Registry registry,
      Supplier<Map<String, CertificateIssuer>> issuers,
      Duration validity,
      Clock clock) {
    this.registry = registry;
    this.issuers = issuers;
    this.validity = validity;
    this.clock = clock;
  }

  /** Hears of each CRL from now on, on the thread that made it. */
  public void listener(Consumer<PublishedCrl> listener) {
    this.listener = listener;
  }

  /** The labels of all issuers. */
  public Set<String> issuers() {
    return issuers.get().keySet();
  }

  /** The newest CRL of an issuer; empty if there is no such issuer. */
  public Optional<PublishedCrl> current(String issuer) {
    return Optional.ofNullable(current.get(issuer));
  }

  /** Makes a new CRL of each issuer. */
  public void publishAll() {
    issuers.get().keySet().forEach(this::publish);
  }

  /** Makes a new CRL of each issuer whose newest is older than {@code interval}. */
  public void publishDue(Duration interval) {
    Instant now = clock.instant();
    issuers.get().keySet().stream()
        .filter(issuer -> current(issuer)
            .map(crl -> !now.isBefore(crl.thisUpdate().plus(interval)))
            .orElse(true))
        .forEach(this::publish);
  }

  /**
   * Makes a new CRL from what the registry says now, and records it before it goes out.
   *
   * @param issuer one of {@link #issuers()}
   */
  public synchronized PublishedCrl publish(String issuer) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    Instant next = now.plus(validity);
    PublishedCrl crl = registry.commit(tables -> {
      Optional<Crls.Issued> newest = tables.crls().newest(issuer);
      List<CertificateRecord> takenBack = tables
          .certificates()
          .takenBack(issuer, newest.map(Crls.Issued::thisUpdate).orElse(Instant.EPOCH));
      // Seconds of the clock, so that a registry restored from a backup repeats no number.
      long number = Math.max(
          newest.map(Crls.Issued::number).orElse(0L) + 1, Math.max(1, now.getEpochSecond()));
      byte[] der = sign(issuer, number, now, next, takenBack);
      tables.crls().insert(issuer, number, now, next, der);
      return new PublishedCrl(issuer, number, now, next, takenBack.size(), Buffer.buffer(der));
    });
    current.put(issuer, crl);
    LOG.info(
        "CRL published issuer={} number={} entries={} nextUpdate={}",
        issuer,
        crl.number(),
        crl.entries(),
        next);
    listener.accept(crl);
    return crl;
  }

  private byte[] sign(
      String issuer, long number, Instant now, Instant next, List<CertificateRecord> takenBack) {
    List<CrlContents.Entry> entries =
        takenBack.stream().map(record -> entry(record, now)).toList();
    CrlContents contents = new CrlContents(BigInteger.valueOf(number), now, next, entries);
    try {
      return issuers.get().get(issuer).sign(contents).getEncoded();
    } catch (CRLException e) {
      throw new IllegalStateException("CRL without an encoding", e);
    }
  }

  private static CrlContents.Entry entry(CertificateRecord record, Instant now) {
    RevocationReason reason = record.status() == CertificateStatus.HELD
        ? RevocationReason.CERTIFICATE_HOLD
        : record.reason() == null ? RevocationReason.UNSPECIFIED : record.reason();
    Instant since = record.revokedAt() == null ? now : record.revokedAt();
    return new CrlContents.Entry(record.certificate().getSerialNumber(), since, reason);
  }
}
