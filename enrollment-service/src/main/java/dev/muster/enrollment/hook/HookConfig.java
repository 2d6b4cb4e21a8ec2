/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.hook;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The operator's own program that is asked before a device with an IDevID is let in.
 *
 * @param url https, or http on this very machine
 * @param ca PEM, what its certificate must lead to; null for what Java trusts
 * @param tokenFile holds the bearer token to send; null for none
 * @param timeout how long an answer may take
 * @param concurrency how many questions may be open; as many workers may wait
 * @param letInOnFailure whether a device is let in when the program does not answer: unsafe
 */
public record HookConfig(
    URI url,
    @Nullable Path ca,
    @Nullable Path tokenFile,
    Duration timeout,
    int concurrency,
    boolean letInOnFailure) {
  private static final Set<String> LOOPBACK = Set.of("localhost", "127.0.0.1", "[::1]");

  /** @throws IllegalArgumentException if {@code url} is not one to ask */
  public HookConfig {
    requireNonNull(timeout, "timeout");
    boolean safe = "https".equals(url.getScheme())
        || "http".equals(url.getScheme()) && LOOPBACK.contains(String.valueOf(url.getHost()));
    if (!safe || url.getHost() == null) {
      throw new IllegalArgumentException(
          "hook: \"" + url + "\" (expected: an https URL; http on localhost alone)");
    }
    if (concurrency < 1) {
      throw new IllegalArgumentException(
          "hook: concurrency " + concurrency + " (expected: 1 or more)");
    }
  }
}
