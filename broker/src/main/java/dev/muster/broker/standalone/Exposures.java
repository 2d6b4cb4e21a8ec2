/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.client.parameter.ListenerType;
import com.hivemq.extension.sdk.api.services.admin.AdminService;
import com.hivemq.extension.sdk.api.services.admin.LifecycleStage;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ways into HiveMQ that should not be there. They lead nowhere, since everybody without a
 * certificate is refused at CONNECT; but whoever runs it did not mean them.
 */
final class Exposures {
  private static final Logger LOG = LoggerFactory.getLogger(Exposures.class);
  /** What comes with HiveMQ CE. We have the higher priority, but not if somebody takes us out. */
  private static final String ALLOW_ALL = "hivemq-allow-all-extension";

  private static final Set<ListenerType> TLS =
      EnumSet.of(ListenerType.TLS_TCP_LISTENER, ListenerType.TLS_WEBSOCKET_LISTENER);

  private final AdminService hiveMq;
  private final Predicate<Listener> asksForCertificates;
  private final List<String> found = new CopyOnWriteArrayList<>();
  private boolean probed;

  /** Looks at what is configured. @param extensions those that are enabled */
  Exposures(AdminService hiveMq, Set<String> extensions, Predicate<Listener> asksForCertificates) {
    this.hiveMq = hiveMq;
    this.asksForCertificates = asksForCertificates;
    for (Listener listener : hiveMq.getServerInformation().getListener()) {
      if (!TLS.contains(listener.getListenerType())) {
        note(describe(listener) + ": without TLS, so every client of it is refused"
            + " (expected: tls-tcp-listener or tls-websocket-listener in HiveMQ's config.xml)");
      }
    }
    if (extensions.contains(ALLOW_ALL)) {
      note("extension " + ALLOW_ALL + ": lets everybody in should Muster not be loaded"
          + " (expected: removed from HiveMQ's extensions folder)");
    }
  }

  /** Once HiveMQ serves, asks its listeners themselves. Called by one thread; blocks. */
  void look() {
    if (probed || hiveMq.getCurrentStage() != LifecycleStage.STARTED_SUCCESSFULLY) {
      return;
    }
    probed = true;
    for (Listener listener : hiveMq.getServerInformation().getListener()) {
      if (TLS.contains(listener.getListenerType()) && !asksForCertificates.test(listener)) {
        note(describe(listener) + ": asks for no certificate, so every client of it is refused"
            + " (expected: client-authentication-mode REQUIRED in HiveMQ's config.xml)");
      }
    }
  }

  private static String describe(Listener listener) {
    return "listener " + listener.getName() + " on " + listener.getBindAddress() + ":"
        + listener.getPort();
  }

  private void note(String exposure) {
    LOG.warn("HiveMQ is less closed than it should be: {}", exposure);
    found.add(exposure);
  }

  /** What an operator should mend; empty if all is well. */
  List<String> found() {
    return List.copyOf(found);
  }
}
