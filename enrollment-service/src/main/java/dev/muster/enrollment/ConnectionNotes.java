/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment;

import dev.muster.enrollment.inventory.Registry;
import dev.muster.protocol.identity.DeviceId;
import java.time.Clock;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Brings the registry to know until when devices were connected, and which of their certificates
 * somebody has come with: what is heard is written together, of each device the newest. What a
 * crash loses, the broker tells again when it starts, or somebody comes again.
 */
final class ConnectionNotes implements ConnectionListener {
  /** So that others who write wait no longer than for one of these. */
  private static final int AT_ONCE = 1_000;

  private final Registry registry;
  private final Clock clock;
  /** Until when; empty while it is connected. As many as there are devices at most. */
  private final Map<DeviceId, Optional<Instant>> heard = new ConcurrentHashMap<>();

  /** Of which somebody has come with; as many as there are certificates at most. */
  private final Set<String> used = ConcurrentHashMap.newKeySet();

  private final ReentrantLock writing = new ReentrantLock();

  ConnectionNotes(Registry registry, Clock clock) {
    this.registry = registry;
    this.clock = clock;
  }

  @Override
  public void changed(DeviceId device, @Nullable String certificate, Instant since) {
    heard.put(device, certificate == null ? Optional.of(since) : Optional.empty());
    if (certificate != null) {
      used(certificate);
    }
  }

  @Override
  public void used(String certificate) {
    used.add(certificate);
  }

  /** Writes what was heard until now, unless somebody is at it. Blocks. */
  void write() {
    if (!writing.tryLock()) {
      return;
    }
    try {
      writeAll();
    } finally {
      writing.unlock();
    }
  }

  private void writeAll() {
    while (!used.isEmpty()) {
      List<String> some = used.stream().limit(AT_ONCE).toList();
      registry.commit(tables -> {
        tables.certificates().used(some, clock.instant());
        return true;
      });
      some.forEach(used::remove);
    }
    while (!heard.isEmpty()) {
      Map<DeviceId, Optional<Instant>> some = new HashMap<>();
      Iterator<Map.Entry<DeviceId, Optional<Instant>>> all = heard.entrySet().iterator();
      while (all.hasNext() && some.size() < AT_ONCE) {
        Map.Entry<DeviceId, Optional<Instant>> one = all.next();
        some.put(one.getKey(), one.getValue());
      }
      registry.commit(tables -> {
        tables.devices().seen(some);
        return true;
      });
      // Unless it is another by now.
      some.forEach(heard::remove);
    }
  }
}
