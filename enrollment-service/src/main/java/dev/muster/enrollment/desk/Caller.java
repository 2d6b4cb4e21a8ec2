/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.util.Objects.requireNonNull;

import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, as far as the transport could find out. TLS has proved that the caller holds the key of
 * the certificate it shows, and nothing more.
 *
 * @param chain as it came over TLS, own certificate first; empty if none came
 * @param from the network address, for the log and the audit
 * @param binding the name of the connection
 * @param claim the token that came with the request; null if none
 */
public record Caller(
    List<X509Certificate> chain,
    String from,
    ChannelBinding binding,
    @Nullable ClaimToken claim) {
  /** Java writes them all. */
  private static final int IPV6_GROUPS = 8;

  /** Who shows no claim token. */
  public Caller(List<X509Certificate> chain, String from, ChannelBinding binding) {
    this(chain, from, binding, null);
  }

  public Caller {
    chain = List.copyOf(chain);
    requireNonNull(from, "from");
    requireNonNull(binding, "binding");
  }

  /** The same, with the token of one request. */
  public Caller with(@Nullable ClaimToken token) {
    return token == null ? this : new Caller(chain, from, binding, token);
  }

  /** The address without its port; of IPv6 the /64, all of whose addresses one caller may have. */
  String network() {
    int port = from.lastIndexOf(':');
    String address = port < 0 ? from : from.substring(0, port);
    String[] groups = address.split(":", -1);
    return groups.length == IPV6_GROUPS
        ? String.join(":", Arrays.copyOf(groups, IPV6_GROUPS / 2))
        : address;
  }
}
