/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.internal.clock.DeviceClock;
import dev.muster.device.internal.tls.TlsIdentity;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;

/** Which way leads to an enrollment server: HTTPS, or what is on the class path. */
public final class EstChannels {
  private static final String HTTPS = "https";

  private EstChannels() {}

  /** @throws IllegalArgumentException if nothing knows the address's scheme, or it has no host */
  public static void check(URI server) {
    if (server.getHost() == null || !(isHttps(server) || provider(server).isPresent())) {
      throw unknown(server);
    }
  }

  /** Whether an authenticated answer of this server carries the time: HTTP's do, CoAP's do not. */
  public static boolean tellTime(URI server) {
    return isHttps(server);
  }

  /** Whether a claim token can be shown there: CoAP has no place for one. */
  public static boolean takeClaims(URI server) {
    return isHttps(server);
  }

  /** @throws IllegalArgumentException as {@link #check}, or if a claim token cannot be shown */
  static EstChannel open(
      URI server,
      TlsIdentity identity,
      @Nullable ClaimToken claim,
      Duration limit,
      DeviceClock clock) {
    if (claim != null && !takeClaims(server)) {
      throw new IllegalArgumentException("claim token: not over " + server.getScheme());
    }
    return isHttps(server)
        ? new EstHttp(server, identity, claim, limit, clock)
        : provider(server).orElseThrow(() -> unknown(server)).open(server, identity, limit);
  }

  private static boolean isHttps(URI server) {
    return HTTPS.equalsIgnoreCase(server.getScheme());
  }

  private static Optional<EstChannelProvider> provider(URI server) {
    String scheme = String.valueOf(server.getScheme()).toLowerCase(Locale.ROOT);
    for (EstChannelProvider provider : ServiceLoader.load(EstChannelProvider.class)) {
      if (provider.scheme().equals(scheme)) {
        return Optional.of(provider);
      }
    }
    return Optional.empty();
  }

  private static IllegalArgumentException unknown(URI server) {
    return new IllegalArgumentException("enrollment: " + server
        + " (expected: like https://host:8443; coaps://host:5684 comes with the library"
        + " muster-device-sdk-coap)");
  }
}
