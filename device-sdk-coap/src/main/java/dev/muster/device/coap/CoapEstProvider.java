/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.coap;

import dev.muster.device.internal.est.EstChannel;
import dev.muster.device.internal.est.EstChannelProvider;
import dev.muster.device.internal.tls.TlsIdentity;
import java.net.URI;
import java.time.Duration;

/** Found by name; lets the SDK enroll at {@code coaps:} addresses (RFC 9148). */
public final class CoapEstProvider implements EstChannelProvider {
  @Override
  public String scheme() {
    return "coaps";
  }

  @Override
  public EstChannel open(URI base, TlsIdentity identity, Duration limit) {
    return new EstOverCoap(base, identity, limit, ClientSettings.STANDARD);
  }
}
