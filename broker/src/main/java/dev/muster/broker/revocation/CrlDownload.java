/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Fetches CRLs over plain HTTP (RFC 5280, 4.2.1.13: the CRL is signed, the way to it need not be).
 */
final class CrlDownload {
  /** For all of it: who stands between could else send a header, and nothing more for ever. */
  static final Duration LIMIT = Duration.ofSeconds(13);

  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(3);
  private static final int MAX_BYTES = 32 * 1024 * 1024;

  private final HttpClient client = HttpClient.newBuilder()
      .connectTimeout(CONNECT_TIMEOUT)
      .version(HttpClient.Version.HTTP_1_1)
      .build();
  private final Duration limit;
  private final int maxBytes;

  CrlDownload() {
    this(LIMIT, MAX_BYTES);
  }

  /** For tests: with other limits. */
  CrlDownload(Duration limit, int maxBytes) {
    this.limit = limit;
    this.maxBytes = maxBytes;
  }

  /** Blocks, for the limit at most. @throws IOException if there is no CRL to be had */
  byte[] get(URI uri) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(uri)
        // Past any cache in between: we ask because there may be a newer one.
        .header("Cache-Control", "no-cache")
        .build();
    ByteArrayOutputStream der = new ByteArrayOutputStream();
    // HttpRequest's own limit is over when the headers are there.
    CompletableFuture<HttpResponse<Void>> answer = client.sendAsync(
        request,
        HttpResponse.BodyHandlers.ofByteArrayConsumer(
            part -> part.ifPresent(bytes -> append(der, bytes))));
    try {
      int status = answer.get(limit.toMillis(), TimeUnit.MILLISECONDS).statusCode();
      if (status != 200) {
        throw new IOException("status " + status + " (expected: 200)");
      }
      return der.toByteArray();
    } catch (TimeoutException e) {
      throw new IOException("not all of it came in " + limit, e);
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getCause()), e.getCause());
    } finally {
      answer.cancel(true);
    }
  }

  private void append(ByteArrayOutputStream der, byte[] bytes) {
    if (der.size() + bytes.length > maxBytes) {
      throw new IllegalStateException("more than " + maxBytes + " bytes");
    }
    der.writeBytes(bytes);
  }
}
