/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.revocation;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.audit.AuditEvent;
import dev.muster.enrollment.authority.Authority;
import dev.muster.enrollment.authority.AuthorityHistory;
import dev.muster.enrollment.inventory.Crls;
import dev.muster.enrollment.inventory.Registry;
import dev.muster.enrollment.issuance.CertificateIssuer;
import dev.muster.enrollment.issuance.CrlContents;
import java.math.BigInteger;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the CRLs of the issuing CAs (RFC 5280, 5), and tells who wants to know. Each issuer has a
 * complete CRL and any number of shards, each about a part of its certificates.
 *
 * <p>Thread-safe; publishing blocks.
 */
public final class CrlPublisher {
  private static final Logger LOG = LoggerFactory.getLogger(CrlPublisher.class);

  private final Registry registry;
  private final Supplier<Map<String, CertificateIssuer>> issuers;
  private final Duration validity;
  private final Duration interval;
  private final Clock clock;
  private final Map<CrlPaths.Place, PublishedCrl> current = new ConcurrentHashMap<>();
  /** How often each issuer's CRL was asked for, and up to which of these it was made. */
  private final Map<String, AtomicLong> asked = new ConcurrentHashMap<>();

  private final Map<String, Long> made = new HashMap<>();
  private final AtomicBoolean wanted = new AtomicBoolean();
  /** Those whose last CRL could not be made, though something may have been taken back. */
  private final Set<String> owed = ConcurrentHashMap.newKeySet();

  private volatile Consumer<PublishedCrl> listener = crl -> {};

  /**
   * @param issuers by id, as they are at the time
   * @param validity from thisUpdate to nextUpdate
   * @param interval after which a CRL is made anew, whether or not it would say anything new
   */
  public CrlPublisher(
      Registry registry,
      Supplier<Map<String, CertificateIssuer>> issuers,
      Duration validity,
      Duration interval,
      Clock clock) {
    this.registry = registry;
    this.issuers = issuers;
    this.validity = validity;
    this.interval = interval;
    this.clock = clock;
  }

  /** Hears of each complete CRL from now on, on the thread that made it. */
  public void listener(Consumer<PublishedCrl> listener) {
    this.listener = listener;
  }

  /** The ids of all issuers. */
  public Set<String> issuers() {
    return issuers.get().keySet();
  }

  /** The newest complete CRL of an issuer; empty if there is no such issuer. */
  public Optional<PublishedCrl> current(String issuer) {
    return current(issuer, PublishedCrl.COMPLETE);
  }

  /** The newest CRL of a shard; empty if there is no such shard. */
  Optional<PublishedCrl> current(String issuer, int shard) {
    return issuers().contains(issuer)
        ? Optional.ofNullable(current.get(new CrlPaths.Place(issuer, shard)))
        : Optional.empty();
  }

  /**
   * Makes all CRLs anew, as at a start: the registry may have been restored from a backup, and then
   * those in it are older than those out there.
   */
  public void publishAll() {
    each(
        issuers().stream(),
        issuer -> make(issuer, new CrlDraft.Wish(clock.instant(), Map.of(), true)));
  }

  /** {@link #publish} for each issuing CA: a device may have certificates of several. */
  public void publishEach() {
    each(
        issuers().stream()
            .filter(issuer -> !Authority.kindOf(issuer).equals(AuthorityHistory.ROOT)),
        this::publish);
  }

  /** One that fails holds up none of the others; it is told when all have had their turn. */
  private static void each(Stream<String> issuers, Consumer<String> work) {
    List<RuntimeException> failures = new ArrayList<>();
    issuers.forEach(issuer -> {
      try {
        work.accept(issuer);
      } catch (RuntimeException e) {
        failures.add(e);
      }
    });
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  /** Has {@link #publishWanted} make all of them anew. Returns at once. */
  public void publishSoon() {
    wanted.set(true);
  }

  /**
   * Publishes each if {@link #publishSoon} was called since: by many in a second, but once; and
   * those that could not be made when they were wanted, so that what was taken back then does not
   * wait for the next that is due.
   */
  public void publishWanted() {
    owed.retainAll(issuers());
    if (wanted.getAndSet(false)) {
      try {
        publishEach();
      } catch (RuntimeException e) {
        wanted.set(true);
        throw e;
      }
    }
    each(Set.copyOf(owed).stream(), this::publish);
  }

  /**
   * Takes over what another process has made, and makes what is due; also what another should have
   * made, and has not, as it was killed.
   */
  public void publishDue() {
    each(issuers().stream(), this::publishDue);
  }

  private void publishDue(String issuer) {
    Map<Integer, Crls.Issued> newest = adopt(issuer);
    Instant now = clock.instant();
    Instant due = now.minus(interval);
    Crls.@Nullable Issued complete = newest.get(PublishedCrl.COMPLETE);
    boolean untold = complete == null || isUntold(issuer, complete);
    if (untold || newest.values().stream().anyMatch(issued -> CrlDraft.isDue(issued, due, now))) {
      make(issuer, new CrlDraft.Wish(due, Map.of(), untold));
    }
  }

  /** Whether something was taken back, or let go, since a CRL was made, whatever clocks say. */
  private boolean isUntold(String issuer, Crls.Issued newest) {
    return !registry
        .read(tables -> tables.takenBack().state(issuer, newest.thisUpdate()))
        .equals(newest.digest());
  }

  /**
   * Makes a new complete CRL from what the registry says now, and those shards that would say
   * something else than before.
   *
   * @param issuer one of {@link #issuers()}
   * @return the complete CRL, or one begun after this was called: many at once share it; empty if
   *     the CA has ended since the caller looked
   */
  public Optional<PublishedCrl> publish(String issuer) {
    AtomicLong calls = asked.computeIfAbsent(issuer, none -> new AtomicLong());
    long call = calls.incrementAndGet();
    synchronized (this) {
      if (made.getOrDefault(issuer, 0L) < call) {
        long upTo = calls.get();
        make(issuer, new CrlDraft.Wish(clock.instant().minus(interval), Map.of(), true));
        made.put(issuer, upTo);
      }
      return current(issuer);
    }
  }

  /** Makes the first CRL of a shard, before any certificate names it. */
  void open(String issuer, int shard, String url) {
    adopt(issuer);
    if (current(issuer, shard).isEmpty()) {
      Instant due = clock.instant().minus(interval);
      make(issuer, new CrlDraft.Wish(due, Map.of(shard, url), false));
    }
  }

  /**
   * Of a CA that has ended since somebody looked, as in an emergency, none is made: nobody goes by
   * it any more.
   */
  private synchronized void make(String issuer, CrlDraft.Wish wish) {
    CertificateIssuer signer = issuers.get().get(issuer);
    if (signer == null) {
      owed.remove(issuer);
      return;
    }
    try {
      makeNow(issuer, signer, wish);
      owed.remove(issuer);
    } catch (RuntimeException e) {
      owed.add(issuer);
      throw e;
    }
  }

  /**
   * The number is taken before the registry is read. So what had to be on a CRL with a lower number
   * is on this one, too, whatever other process makes CRLs at the same time.
   */
  private void makeNow(String issuer, CertificateIssuer signer, CrlDraft.Wish wish) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.SECONDS);
    // Seconds of the clock, so that a registry restored from a backup repeats no number.
    long number = registry.commit(tables -> {
      if (tables.crls().newest(issuer).values().stream()
          .anyMatch(issued -> CrlDraft.isAhead(issued, now))) {
        tables.takenBack().remember(issuer, now);
      }
      return tables.crls().nextNumber(issuer, Math.max(1, now.getEpochSecond()));
    });
    CrlDraft draft = registry.read(tables -> CrlDraft.of(tables, issuer, wish, now));
    List<PublishedCrl> signed = draft.parts().stream()
        .map(part -> sign(issuer, signer, number, now, part))
        .toList();
    registry.commit(tables -> {
      for (int i = 0; i < signed.size(); i++) {
        record(tables.crls(), signed.get(i), draft.parts().get(i));
      }
      draft.over().forEach(shard -> tables.crls().delete(issuer, shard));
      tables.takenBack().forget(issuer, draft.forgotten());
      tables.audit().append(event(issuer, number, signed, draft.over()), clock.instant());
      return number;
    });
    draft.over().forEach(shard -> current.remove(new CrlPaths.Place(issuer, shard)));
    signed.forEach(this::put);
  }

  private PublishedCrl sign(
      String issuer, CertificateIssuer signer, long number, Instant now, CrlDraft.Part part) {
    Instant next = now.plus(validity);
    CrlContents contents = new CrlContents(
        BigInteger.valueOf(number),
        now,
        next,
        part.url().isEmpty() ? null : URI.create(part.url()),
        part.entries());
    return PublishedCrl.of(
        issuer,
        new Crls.Issued(
            part.shard(), number, now, next, part.entries().size(), part.digest(), part.url()),
        signer.sign(contents));
  }

  private static void record(Crls crls, PublishedCrl crl, CrlDraft.Part part) {
    crls.replace(
        crl.issuer(),
        new Crls.Issued(
            crl.shard(),
            crl.number(),
            crl.thisUpdate(),
            crl.nextUpdate(),
            crl.entries(),
            part.digest(),
            part.url()),
        crl.der().getBytes());
  }

  private static AuditEvent event(
      String issuer, long number, List<PublishedCrl> signed, Set<Integer> over) {
    AuditEvent event = AuditEvent.of(Actor.SYSTEM, "crl.published", "ca:" + issuer)
        .with("number", number)
        .with(
            "entries",
            signed.stream()
                .map(crl -> crl.isComplete()
                    ? "all: " + crl.entries()
                    : "shard " + crl.shard() + ": " + crl.entries())
                .collect(Collectors.joining(", ")));
    return over.isEmpty() ? event : event.with("shardsOver", over);
  }

  private void put(PublishedCrl crl) {
    current.put(new CrlPaths.Place(crl.issuer(), crl.shard()), crl);
    LOG.info(
        "CRL published issuer={} shard={} number={} entries={} nextUpdate={}",
        crl.issuer(),
        crl.shard(),
        crl.number(),
        crl.entries(),
        crl.nextUpdate());
    if (crl.isComplete()) {
      listener.accept(crl);
    }
  }

  private synchronized Map<Integer, Crls.Issued> adopt(String issuer) {
    Map<Integer, Crls.Issued> newest = registry.read(tables -> tables.crls().newest(issuer));
    newest.values().stream()
        .filter(issued -> current(issuer, issued.shard())
            .map(known -> known.number() < issued.number())
            .orElse(true))
        .forEach(issued -> registry
            .read(tables -> tables.crls().content(issuer, issued))
            .ifPresent(der -> put(PublishedCrl.of(issuer, issued, der))));
    current
        .keySet()
        .removeIf(place -> place.issuer().equals(issuer) && !newest.containsKey(place.shard()));
    return newest;
  }
}
