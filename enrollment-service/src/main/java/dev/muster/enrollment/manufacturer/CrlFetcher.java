/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manufacturer;

import dev.muster.enrollment.audit.Actor;
import dev.muster.enrollment.desk.TrustView;
import dev.muster.enrollment.issuance.Fingerprint;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches the CRLs of manufacturers from where operators said that they are. What comes is trusted
 * for its signature alone, so plain HTTP will do (RFC 5280, 8).
 *
 * <p>Thread-safe.
 */
public final class CrlFetcher {
  private static final Logger LOG = LoggerFactory.getLogger(CrlFetcher.class);
  private static final Duration INTERVAL = Duration.ofHours(1);
  private static final Duration URGENT_INTERVAL = Duration.ofMinutes(5);
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(5);
  private static final int FETCH_LIMIT_S = 30;
  private static final int MAX_BYTES = 8 * 1024 * 1024;

  private final TrustView trust;
  private final CrlStore store;
  private final Clock clock;
  private final Executor workers;
  private final Map<Fingerprint, Instant> tried = new ConcurrentHashMap<>();
  /** Why the last attempt failed, for those CAs whose did. */
  private final Map<Fingerprint, String> failures = new ConcurrentHashMap<>();

  private final HttpClient http = HttpClient.newBuilder()
      .connectTimeout(CONNECT_LIMIT)
      .followRedirects(HttpClient.Redirect.NEVER)
      .build();

  /** @param workers where CRLs are judged and stored */
  public CrlFetcher(TrustView trust, CrlStore store, Clock clock, Executor workers) {
    this.trust = trust;
    this.store = store;
    this.clock = clock;
    this.workers = workers;
  }

  /** Starts to fetch what is due, and returns without waiting for it. */
  public void fetchDue() {
    trust.crlSources().stream().filter(this::isDue).forEach(this::fetch);
  }

  private boolean isDue(TrustView.CrlSource source) {
    Instant now = clock.instant();
    Instant last = tried.getOrDefault(source.ca().fingerprint(), Instant.MIN);
    Duration interval = source.isWanting(now.plus(INTERVAL)) ? URGENT_INTERVAL : INTERVAL;
    return last.equals(Instant.MIN) || !now.isBefore(last.plus(interval));
  }

  /** @return completes when it is stored, or has failed and been logged */
  CompletableFuture<Void> fetch(TrustView.CrlSource source) {
    tried.put(source.ca().fingerprint(), clock.instant());
    return download(source.url())
        .thenAcceptAsync(
            bytes -> {
              store.store(source.manufacturer(), source.ca(), bytes, Actor.SYSTEM);
              failures.remove(source.ca().fingerprint());
            },
            workers)
        .exceptionally(failure -> {
          Throwable cause = failure.getCause() == null ? failure : failure.getCause();
          String reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
          failures.put(source.ca().fingerprint(), reason);
          LOG.warn(
              "Manufacturer CRL not fetched manufacturer={} ca={} url={} reason=\"{}\"",
              source.manufacturer(),
              source.ca().fingerprint(),
              source.url(),
              reason);
          return null;
        });
  }

  /**
   * What is wrong, for the health page; empty if all is well. A failure is no matter as long as the
   * CRL at hand is good.
   */
  public Optional<String> problem() {
    Instant now = clock.instant();
    return trust.crlSources().stream()
        .filter(
            source -> source.isWanting(now) && failures.containsKey(source.ca().fingerprint()))
        .map(source -> "manufacturer " + source.manufacturer() + ": no CRL from " + source.url()
            + ": " + failures.get(source.ca().fingerprint()))
        .reduce((one, other) -> one + "; " + other);
  }

  private CompletableFuture<byte[]> download(URI url) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    HttpRequest request =
        HttpRequest.newBuilder(url).timeout(Duration.ofSeconds(FETCH_LIMIT_S)).build();
    CompletableFuture<HttpResponse<Void>> answer = http.sendAsync(
        request,
        HttpResponse.BodyHandlers.ofByteArrayConsumer(
            part -> part.ifPresent(more -> append(bytes, more))));
    return answer
        .copy()
        .orTimeout(FETCH_LIMIT_S, TimeUnit.SECONDS)
        // One that was not to its end has its connection closed.
        .whenComplete((response, failure) -> answer.cancel(true))
        .thenApply(response -> {
          if (response.statusCode() != 200) {
            throw new IllegalStateException("status " + response.statusCode());
          }
          return bytes.toByteArray();
        });
  }

  private static void append(ByteArrayOutputStream bytes, byte[] more) {
    if (bytes.size() + more.length > MAX_BYTES) {
      throw new IllegalStateException("more than " + MAX_BYTES + " bytes");
    }
    bytes.writeBytes(more);
  }
}
