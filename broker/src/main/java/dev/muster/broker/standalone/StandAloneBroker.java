/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

import com.hivemq.extension.sdk.api.client.parameter.Listener;
import com.hivemq.extension.sdk.api.client.parameter.ListenerType;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartInput;
import com.hivemq.extension.sdk.api.parameter.ExtensionStartOutput;
import com.hivemq.extension.sdk.api.services.Services;
import dev.muster.broker.BrokerCore;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker's core and its operator API, inside of a HiveMQ that is configured by others. */
final class StandAloneBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StandAloneBroker.class);
  private static final long STOP_SECONDS = 10;
  /** What comes with HiveMQ CE. We have the higher priority, but not if somebody takes us out. */
  private static final String ALLOW_ALL = "hivemq-allow-all-extension";

  private static final Set<ListenerType> PROTECTED =
      EnumSet.of(ListenerType.TLS_TCP_LISTENER, ListenerType.TLS_WEBSOCKET_LISTENER);

  private final Vertx vertx;
  private final BrokerCore core;
  private final List<String> exposures;

  private StandAloneBroker(Vertx vertx, BrokerCore core, List<String> exposures) {
    this.vertx = vertx;
    this.core = core;
    this.exposures = exposures;
  }

  /**
   * Starts all, and has the core's extension register itself; blocks.
   *
   * @throws dev.muster.broker.StartFailedException if anything cannot be used; all is closed again
   * @throws dev.muster.broker.settings.InvalidSettingsException naming every problem at once
   */
  static StandAloneBroker start(
      ExtensionStartInput input, ExtensionStartOutput output, Clock clock) {
    Path home = input.getExtensionInformation().getExtensionHomeFolder().toPath();
    StandAloneSettings settings = StandAloneSettings.read(
        home, input.getServerInformation().getDataFolder().toPath(), System.getenv());
    Vertx vertx = vertx();
    try {
      BrokerCore core = BrokerCore.start(
          settings.core(), vertx, clock, HiveMqMeters.into(Services.metricRegistry()));
      List<String> exposures = exposures(
          input.getServerInformation().getListener(),
          input.getEnabledExtensions().keySet());
      exposures.forEach(
          exposure -> LOG.warn("HiveMQ is less closed than it should be: {}", exposure));
      StandAloneBroker broker = new StandAloneBroker(vertx, core, exposures);
      broker.serve(settings, input, output);
      return broker;
    } catch (RuntimeException e) {
      stop(vertx);
      throw e;
    }
  }

  private void serve(
      StandAloneSettings settings, ExtensionStartInput input, ExtensionStartOutput output) {
    try {
      Runnable followFiles = () -> {};
      if (settings.operator() != null) {
        OperatorListener operator =
            OperatorListener.start(vertx, settings.operator(), this::problems);
        core.mountOperatorRoutes(operator.api());
        followFiles = operator::look;
      }
      core.extension().extensionStart(input, output);
      // Whom HiveMQ's own trust store admits is for the operator to change.
      core.follow(authorities -> {}, followFiles);
    } catch (RuntimeException e) {
      core.close();
      throw e;
    }
  }

  private static Vertx vertx() {
    return Vertx.vertx(new VertxOptions()
        .setFileSystemOptions(new FileSystemOptions()
            .setFileCachingEnabled(false)
            .setClassPathResolvingEnabled(false)));
  }

  /** Ways in that lead nowhere now, but should not be there. */
  static List<String> exposures(Collection<Listener> listeners, Set<String> extensions) {
    List<String> found = new ArrayList<>();
    for (Listener listener : listeners) {
      if (!PROTECTED.contains(listener.getListenerType())) {
        found.add("listener " + listener.getName() + " on " + listener.getBindAddress() + ":"
            + listener.getPort() + ": without TLS, so every client of it is refused"
            + " (expected: tls-tcp-listener or tls-websocket-listener in HiveMQ's config.xml)");
      }
    }
    if (extensions.contains(ALLOW_ALL)) {
      found.add("extension " + ALLOW_ALL + ": lets everybody in should Muster not be loaded"
          + " (expected: removed from HiveMQ's extensions folder)");
    }
    return List.copyOf(found);
  }

  private List<String> problems() {
    List<String> problems = new ArrayList<>(exposures);
    problems.addAll(core.problems());
    return problems;
  }

  /** Cuts who is connected, keeps what was taken, and closes; blocks. */
  @Override
  public void close() {
    core.disconnectAll();
    core.close();
    stop(vertx);
  }

  private static void stop(Vertx vertx) {
    try {
      vertx.close().await(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (Exception e) {
      LOG.warn("Vert.x did not stop reason={}", e.toString());
    }
  }
}
