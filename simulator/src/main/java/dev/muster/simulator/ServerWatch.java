/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import org.jspecify.annotations.Nullable;

/** The server's process, if it is on this machine; found anew after it was started again. */
final class ServerWatch {
  private final int port;
  private final boolean here;
  private @Nullable ServerProcess process;

  ServerWatch(URI broker) {
    InetAddress host = new InetSocketAddress(broker.getHost(), broker.getPort()).getAddress();
    this.port = broker.getPort();
    this.here = host != null && host.isLoopbackAddress();
  }

  /** Null if it is elsewhere, or does not run. */
  synchronized ServerProcess.@Nullable Usage usage() {
    ServerProcess known = process;
    ServerProcess.Usage usage = known == null ? null : known.usage();
    if (usage != null || !here) {
      return usage;
    }
    ServerProcess found = ServerProcess.listeningOn(port).orElse(null);
    process = found;
    return found == null ? null : found.usage();
  }

  /** Null if it is elsewhere, or does not run. */
  synchronized @Nullable ServerProcess process() {
    return usage() == null ? null : process;
  }
}
