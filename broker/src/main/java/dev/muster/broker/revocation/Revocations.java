/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import dev.muster.broker.session.ClientSession;
import dev.muster.broker.session.Disconnector;
import dev.muster.broker.session.SessionAlarm;
import dev.muster.broker.session.Sessions;
import dev.muster.broker.trust.IssuingAuthorities;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the revocations fresh, and ends the sessions of certificates that no longer hold.
 *
 * <p>CRLs come from disk at the start, over HTTP again and again, and pushed through the broker, or
 * announced there when they are too large for it. All work happens on one thread of its own,
 * {@code muster-revocation}, but for the downloads, which have another: while a server is slow,
 * what is pushed is in force, and sessions end in time.
 */
public final class Revocations implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Revocations.class);
  private static final Duration RETRY = Duration.ofSeconds(1);
  private static final Duration SWEEP = Duration.ofSeconds(1);
  private static final Duration CUT_LIMIT = Duration.ofMillis(800);

  /**
   * Where CRLs come from.
   *
   * @param crls that of a CA is {@code <id>.crl} below it; null: they come by push alone
   * @param refresh how often they are fetched
   * @param directory keeps the last ones
   */
  public record Sources(@Nullable URI crls, Duration refresh, Path directory) {
    Optional<URI> of(String issuer) {
      return Optional.ofNullable(crls).map(base -> base.resolve(issuer + ".crl"));
    }
  }

  /**
   * What a CRL that was pushed has done.
   *
   * @param crlNumber the CRL in force afterwards
   * @param cut how many sessions of revoked certificates have ended, and their connections with
   *     them
   * @param remaining how many of them have not, some 800 ms after they were told to; also those of
   *     earlier CRLs
   */
  public record Applied(BigInteger crlNumber, int cut, int remaining, long tookMs) {}

  private final RevocationView view;
  private final SessionCheck check;
  private final Sessions sessions;
  private final Disconnector disconnector;
  private final Sources sources;
  private final Clock clock;
  private final CrlDirectory directory;
  private final CrlDownload download;
  private final Duration startLimit;

  private final StaleCrlWatch stale;

  /** The CAs without a usable CRL; of our own thread. */
  private final Set<String> missing = new HashSet<>();

  /** Those that were told to end, and whose connections have not yet; of our own thread. */
  private final Set<ClientSession> remaining = new HashSet<>();

  private volatile Supplier<Optional<IssuingAuthorities>> changes = Optional::empty;
  private final ScheduledExecutorService executor =
      Executors.newSingleThreadScheduledExecutor(task -> daemon(task, "muster-revocation"));

  /** One after the other, so that they take up the room of one. */
  private final ExecutorService downloads =
      Executors.newSingleThreadExecutor(task -> daemon(task, "muster-crl-download"));

  /** @param alarms hears when the CRL of a CA has become too old; must not block */
  public Revocations(
      RevocationView view,
      Sessions sessions,
      Disconnector disconnector,
      Sources sources,
      Consumer<SessionAlarm> alarms,
      Clock clock) {
    this(
        view, sessions, disconnector, sources, alarms, clock, new CrlDownload(), CrlDownload.LIMIT);
  }

  /** For tests: with other limits. @param startLimit how long {@link #load} blocks at most */
  Revocations(
      RevocationView view,
      Sessions sessions,
      Disconnector disconnector,
      Sources sources,
      Consumer<SessionAlarm> alarms,
      Clock clock,
      CrlDownload download,
      Duration startLimit) {
    this.view = view;
    this.stale = new StaleCrlWatch(view, alarms, clock);
    this.check = new SessionCheck(view, clock);
    this.sessions = sessions;
    this.disconnector = disconnector;
    this.sources = sources;
    this.clock = clock;
    this.directory = new CrlDirectory(sources.directory());
    this.download = download;
    this.startLimit = startLimit;
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /**
   * Reads the CRLs on disk and fetches newer ones, once; blocks for {@link CrlDownload#LIMIT} at
   * most. What comes later is taken, too.
   */
  public void load() {
    Set<String> ids = view.authorities().ids();
    ids.forEach(this::offerFromDisk);
    CompletableFuture.allOf(ids.stream().map(this::pull).toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, startLimit.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /**
   * Starts to refresh, to follow the CAs, and to sweep.
   *
   * @param changes asked once a second, and when a CRL of an unknown CA comes, on our thread: the
   *     CAs to trust from now on, if others
   */
  public void start(Supplier<Optional<IssuingAuthorities>> changes) {
    this.changes = changes;
    view.authorities().ids().forEach(this::schedulePull);
    Runnable round = () -> {
      changes.get().ifPresent(this::follow);
      lookForPutThere();
      sweep();
    };
    executor.scheduleWithFixedDelay(
        guarded(round), SWEEP.toMillis(), SWEEP.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** The first CRL of a new CA comes at once, and may be here before our next look at the CAs. */
  private void followIfUnknown(String issuer) {
    if (!view.authorities().ids().contains(issuer)) {
      changes.get().ifPresent(this::follow);
    }
  }

  private void follow(IssuingAuthorities next) {
    Set<String> before = view.authorities().ids();
    view.follow(next);
    LOG.info("Issuing CAs changed before={} now={}", before, next.ids());
    before.stream().filter(id -> !next.ids().contains(id)).forEach(directory::remove);
    next.ids().stream().filter(id -> !before.contains(id)).forEach(id -> {
      offerFromDisk(id);
      pullAndGoOn(id);
    });
  }

  /** The way back for a broker that nobody can push to, and that has nowhere to fetch from. */
  private void lookForPutThere() {
    view.outdated().stream()
        .filter(issuer -> sources.of(issuer).isEmpty())
        .forEach(issuer ->
            offerFromDisk(issuer, () -> directory.readIfChanged(issuer, clock.instant())));
  }

  private void schedulePull(String issuer) {
    if (sources.of(issuer).isEmpty() || !view.authorities().ids().contains(issuer)) {
      return;
    }
    Duration delay = view.isKnown(issuer) ? sources.refresh() : RETRY;
    executor.schedule(() -> pullAndGoOn(issuer), delay.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void pullAndGoOn(String issuer) {
    pull(issuer).whenComplete((done, failure) -> {
      guarded(this::sweep).run();
      schedulePull(issuer);
    });
  }

  private interface Reading {
    Optional<byte[]> read() throws IOException;
  }

  private void offerFromDisk(String issuer) {
    offerFromDisk(issuer, () -> directory.read(issuer));
  }

  private void offerFromDisk(String issuer, Reading file) {
    try {
      Optional<byte[]> der = file.read();
      if (der.isPresent()
          && view.offer(issuer, der.get()) instanceof RevocationView.Offer.Refused r) {
        LOG.error("CRL on disk refused issuer={} reason={}", issuer, r.reason());
      }
    } catch (IOException e) {
      LOG.error("CRL on disk unreadable issuer={} error={}", issuer, e.toString());
    }
  }

  /** @return done on our thread, whatever has come of it */
  private CompletableFuture<Void> pull(String issuer) {
    @Nullable URI url = sources.of(issuer).orElse(null);
    if (url == null || !view.authorities().ids().contains(issuer)) {
      return CompletableFuture.completedFuture(null);
    }
    return CompletableFuture.supplyAsync(() -> downloaded(url), downloads)
        .handleAsync(
            (der, failure) -> {
              guarded(() -> pulled(issuer, url, der, failure)).run();
              return null;
            },
            executor);
  }

  private void pulled(String issuer, URI url, byte @Nullable [] der, @Nullable Throwable failure) {
    if (der == null) {
      LOG.warn("CRL not fetched issuer={} url={} error={}", issuer, url, reason(failure));
    } else if (take(issuer, der) instanceof RevocationView.Offer.Refused refused) {
      LOG.error("CRL refused issuer={} url={} reason={}", issuer, url, refused.reason());
    }
    tellWhetherMissing(issuer);
  }

  private static String reason(@Nullable Throwable failure) {
    return failure == null || failure.getCause() == null
        ? String.valueOf(failure)
        : String.valueOf(failure.getCause().getMessage());
  }

  private byte[] downloaded(URI url) {
    try {
      return download.get(url);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** A new CA is known a moment before its first CRL; that is worth a word, and no alarm yet. */
  private void tellWhetherMissing(String issuer) {
    if (view.isKnown(issuer)) {
      missing.remove(issuer);
    } else if (missing.add(issuer)) {
      LOG.warn("CRL not there yet issuer={}: its certificates are refused until it comes", issuer);
    } else {
      LOG.error("CRL missing or too old issuer={}: its certificates are refused", issuer);
    }
  }

  /**
   * Takes a CRL that was pushed, and cuts what it revokes.
   *
   * @return the outcome, or exceptionally an {@link IllegalArgumentException} if the CRL is refused
   */
  public CompletableFuture<Applied> push(String issuer, byte[] der) {
    CompletableFuture<Applied> applied = new CompletableFuture<>();
    executor.execute(() -> settle(applied, () -> {
      followIfUnknown(issuer);
      applied.complete(apply(issuer, der));
    }));
    return applied;
  }

  private static void settle(CompletableFuture<Applied> applied, Runnable work) {
    try {
      work.run();
    } catch (Throwable e) {
      // Also of what the JVM lacks: whoever has pushed waits for an answer.
      applied.completeExceptionally(e);
    }
  }

  /**
   * Fetches a CRL that is too large to be pushed, unless it is in force already, and cuts what it
   * revokes.
   *
   * @param number the one that is out
   * @return as {@link #push}; exceptionally an {@link IllegalStateException} if it cannot be had
   */
  public CompletableFuture<Applied> fetch(String issuer, BigInteger number) {
    CompletableFuture<Applied> applied = new CompletableFuture<>();
    executor.execute(() -> settle(applied, () -> {
      followIfUnknown(issuer);
      URI url = urlOf(issuer);
      CompletableFuture<byte @Nullable []> fetched = isInForce(issuer, number)
          ? CompletableFuture.completedFuture(null)
          : CompletableFuture.supplyAsync(() -> downloaded(url), downloads);
      fetched.whenCompleteAsync(
          (der, failure) -> settle(applied, () -> {
            if (der != null) {
              applied.complete(applyAtLeast(number, issuer, der));
            } else if (isInForce(issuer, number)) {
              applied.complete(enforce(issuer, () -> {}));
            } else {
              throw new IllegalStateException(
                  "CRL " + number + " not fetched from " + url + ": " + reason(failure), failure);
            }
          }),
          executor);
    }));
    return applied;
  }

  /** It, or one after it: it may have been pushed, or fetched, meanwhile. */
  private boolean isInForce(String issuer, BigInteger number) {
    return view.number(issuer).filter(current -> current.compareTo(number) >= 0).isPresent();
  }

  private URI urlOf(String issuer) {
    return sources
        .of(issuer)
        .filter(any -> view.authorities().ids().contains(issuer))
        .orElseThrow(() -> new IllegalArgumentException(
            "CRL: too large to be pushed, and no URL of " + issuer + " known to fetch it from"));
  }

  private Applied applyAtLeast(BigInteger number, String issuer, byte[] der) {
    Applied done = apply(issuer, der);
    if (done.crlNumber().compareTo(number) < 0) {
      throw new IllegalStateException(
          "CRL " + number + " not to be had (found: " + done.crlNumber() + ")");
    }
    return done;
  }

  private Applied apply(String issuer, byte[] der) {
    return enforce(issuer, () -> {
      if (take(issuer, der) instanceof RevocationView.Offer.Refused refused) {
        throw new IllegalArgumentException(refused.reason());
      }
    });
  }

  private Applied enforce(String issuer, Runnable taking) {
    long start = System.nanoTime();
    // Who sends something is ended by that message, perhaps before we come to it.
    Set<ClientSession> concerned = new HashSet<>(sessions.all());
    taking.run();
    sweep();
    concerned.addAll(sessions.all());
    concerned.addAll(remaining);
    concerned.removeIf(session -> check.check(session) != SessionCheck.Verdict.REVOKED);
    int cut = (int) concerned.stream().filter(ClientSession::isGone).count();
    concerned.stream().filter(session -> !session.isGone()).forEach(remaining::add);
    // A client may be between its authentication and its CONNACK, where it cannot be cut yet.
    executor.schedule(guarded(this::sweep), 1, TimeUnit.SECONDS);
    long tookMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
    BigInteger number = view.number(issuer).orElseThrow();
    return new Applied(number, cut, concerned.size() - cut, tookMs);
  }

  private RevocationView.Offer take(String issuer, byte[] der) {
    RevocationView.Offer offer = view.offer(issuer, der);
    if (offer instanceof RevocationView.Offer.Applied applied) {
      LOG.info("CRL applied issuer={} number={}", issuer, applied.number());
      try {
        directory.write(issuer, der);
      } catch (IOException e) {
        // It is in force; only a restart without the enrollment service would miss it.
        LOG.error("CRL not kept on disk issuer={} error={}", issuer, e.toString());
      }
    }
    return offer;
  }

  /**
   * Ends every session whose certificate no longer holds, or of which nobody knows whether it does.
   * Those that stay are told so again, each time; those that are closed, and whose client does not
   * read that they are, are gone when the broker below gives up on them.
   */
  private void sweep() {
    sessions.dropAbandoned(clock.instant());
    remaining.removeIf(ClientSession::isGone);
    List<CompletableFuture<Void>> cuts = new ArrayList<>();
    for (ClientSession session : sessions.all()) {
      SessionCheck.Verdict verdict = check.check(session);
      if (verdict != SessionCheck.Verdict.GOOD && session.isLive()) {
        LOG.info(
            "Session cut client={} subject={} serial={} reason={}",
            session.clientId(),
            session.subject(),
            session.credential().serialText(),
            verdict.text());
        remaining.add(session);
        cuts.add(disconnector.disconnect(session, verdict.reason(), verdict.text()));
      }
    }
    await(cuts);
    stale.look();
  }

  private static void await(List<CompletableFuture<Void>> cuts) {
    try {
      CompletableFuture.allOf(cuts.toArray(CompletableFuture[]::new))
          .get(CUT_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      long open = cuts.stream().filter(cut -> !cut.isDone()).count();
      LOG.warn("Sessions slow to end count={} waitedMs={}", open, CUT_LIMIT.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A scheduled task that throws is never run again; these must be. */
  private static Runnable guarded(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException | Error e) {
        LOG.error("Revocation task failed", e);
      }
    };
  }

  @Override
  public void close() {
    downloads.shutdownNow();
    executor.shutdownNow();
  }
}
