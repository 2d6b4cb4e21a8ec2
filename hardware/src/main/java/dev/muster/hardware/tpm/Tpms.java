/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import java.util.HashMap;
import java.util.Map;

/**
 * The TPMs that this program uses, each over one link however many ask for it: it is one chip, and
 * a socket of swtpm serves one client at a time.
 */
final class Tpms {
  private static final Map<TpmPlace.Address, Shared> IN_USE = new HashMap<>();

  private Tpms() {}

  private static final class Shared {
    private final Tpm tpm;
    private int users;

    Shared(Tpm tpm) {
      this.tpm = tpm;
    }
  }

  /** To be given back by {@link #release}. */
  static synchronized Tpm use(TpmPlace.Address address) {
    Shared shared = IN_USE.computeIfAbsent(
        address, a -> new Shared(new Tpm(a.toString(), a::open, Tpm.PATIENCE)));
    shared.users++;
    return shared.tpm;
  }

  static synchronized void release(TpmPlace.Address address) {
    Shared shared = IN_USE.get(address);
    if (shared != null && --shared.users == 0) {
      IN_USE.remove(address);
      shared.tpm.close();
    }
  }
}
