/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.ocsp;

import dev.muster.enrollment.publicweb.WebAnswer;
import dev.muster.enrollment.publicweb.WebAnswer.Freshness;
import dev.muster.enrollment.publicweb.WebFeature;
import dev.muster.enrollment.publicweb.WebPage;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * OCSP over plain HTTP (RFC 6960, appendix A; RFC 5019, 5): POST to {@code /ocsp/<issuer>}, GET of
 * {@code /ocsp/<issuer>/<request in base64>}.
 */
public final class OcspPages implements WebFeature, AutoCloseable {
  private static final Pattern PATH = Pattern.compile("/ocsp/([a-z0-9-]{1,16})(?:/(.+)|/?)");
  private static final String REQUEST = "application/ocsp-request";
  private static final String RESPONSE = "application/ocsp-response";

  /** Short, because a revocation may come at any time. */
  private static final Duration MAX_AGE = Duration.ofMinutes(1);

  private static final int WORKERS = 2;
  private static final int QUEUE = 256;
  private static final int CLOSE_SECONDS = 5;

  private final OcspResponder responder;
  private final ThreadPoolExecutor workers;
  private final Clock clock;

  public OcspPages(OcspResponder responder, Clock clock) {
    this.responder = responder;
    this.workers = newWorkers();
    this.clock = clock;
  }

  /** Of their own, so that no flood of questions delays an enrollment. */
  private static ThreadPoolExecutor newWorkers() {
    AtomicInteger count = new AtomicInteger();
    return new ThreadPoolExecutor(
        WORKERS, WORKERS, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE), work -> {
          Thread thread = new Thread(work, "ocsp-" + count.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
  }

  @Override
  public Optional<WebPage> find(String path) {
    Matcher matcher = PATH.matcher(path);
    if (!matcher.matches() || !responder.knows(matcher.group(1))) {
      return Optional.empty();
    }
    String issuer = matcher.group(1);
    String request = matcher.group(2);
    return Optional.of(
        request == null
            ? WebPage.post(REQUEST, body -> answer(() -> responder.answer(issuer, body.getBytes())))
            : WebPage.get(() -> answer(() -> responder.answer(issuer, decode(request)))));
  }

  /** What is no base64 comes out empty, which is no request either. */
  private static byte[] decode(String text) {
    try {
      // A plus is one: it may come unescaped, and so may a slash.
      String base64 = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.US_ASCII);
      return Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return new byte[0];
    }
  }

  private Future<WebAnswer> answer(Supplier<OcspAnswer> work) {
    Promise<WebAnswer> promise = Promise.promise();
    try {
      workers.execute(() -> {
        try {
          promise.complete(web(work.get()));
        } catch (RuntimeException e) {
          promise.fail(e);
        }
      });
    } catch (RejectedExecutionException e) {
      promise.complete(web(OcspAnswer.TRY_LATER));
    }
    return promise.future();
  }

  private WebAnswer web(OcspAnswer answer) {
    return answer
        .period()
        .map(period -> WebAnswer.fresh(RESPONSE, answer.der(), freshness(answer.der(), period)))
        .orElseGet(() -> WebAnswer.once(RESPONSE, answer.der()));
  }

  /**
   * RFC 5019, 6.2. A date does not tell which answer somebody has: the status may change twice in a
   * second, and back, and processes sign on their own.
   */
  private Freshness freshness(Buffer der, OcspAnswer.Period period) {
    Duration left = Duration.between(clock.instant(), period.nextUpdate());
    return new Freshness(
        sha256(der),
        period.thisUpdate(),
        false,
        left.compareTo(MAX_AGE) < 0 ? left : MAX_AGE,
        period.nextUpdate());
  }

  /** Finishes what is under way. Blocks. */
  @Override
  public void close() {
    workers.shutdown();
    try {
      if (!workers.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        workers.shutdownNow();
      }
    } catch (InterruptedException e) {
      workers.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private static String sha256(Buffer der) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der.getBytes()));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this JDK has no SHA-256", e);
    }
  }
}
