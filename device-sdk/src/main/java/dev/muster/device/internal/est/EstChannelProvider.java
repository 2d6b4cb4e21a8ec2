/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import dev.muster.device.internal.tls.TlsIdentity;
import java.net.URI;
import java.time.Duration;

/**
 * Another way to the enrollment server, from a library that firmware adds if it wants it; found
 * with {@link java.util.ServiceLoader}.
 */
public interface EstChannelProvider {
  /** Of the server's address: in lower case, without the colon. */
  String scheme();

  /**
   * Connects to nothing yet.
   *
   * @param limit how long one call may take, if nothing is lost on the way
   */
  EstChannel open(URI base, TlsIdentity identity, Duration limit);
}
