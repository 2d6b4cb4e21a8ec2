/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.desk;

import static java.util.Objects.requireNonNull;

import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Who asks, as far as the transport could find out. TLS has proved that the caller holds the key of
 * the certificate it shows, and nothing more.
 *
 * @param chain as it came over TLS, own certificate first; empty if none came
 * @param from the network address, for the log and the audit
 * @param binding the name of the connection
 */
public record Caller(List<X509Certificate> chain, String from, ChannelBinding binding) {
  public Caller {
    chain = List.copyOf(chain);
    requireNonNull(from, "from");
    requireNonNull(binding, "binding");
  }
}
