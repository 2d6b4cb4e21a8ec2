/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.standalone;

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
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The broker's core and its operator API, inside of a HiveMQ that is configured by others. */
final class StandAloneBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StandAloneBroker.class);
  private static final long STOP_SECONDS = 10;

  private final Vertx vertx;
  private final BrokerCore core;
  private final Exposures exposures;

  private StandAloneBroker(Vertx vertx, BrokerCore core, Exposures exposures) {
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
    Exposures exposures = new Exposures(
        Services.adminService(),
        input.getEnabledExtensions().keySet(),
        ListenerProbe::asksForCertificates);
    Vertx vertx = vertx();
    try {
      BrokerCore core = BrokerCore.start(
          settings.core(), vertx, clock, HiveMqMeters.into(Services.metricRegistry()));
      StandAloneBroker broker = new StandAloneBroker(vertx, core, exposures);
      broker.serve(settings.operator(), input, output);
      return broker;
    } catch (RuntimeException | LinkageError e) {
      stop(vertx);
      throw e;
    }
  }

  private void serve(
      @Nullable OperatorConfig config, ExtensionStartInput input, ExtensionStartOutput output) {
    try {
      List<Runnable> looks = new ArrayList<>(List.of(exposures::look));
      if (config != null) {
        OperatorListener operator = OperatorListener.start(vertx, config, this::problems);
        core.mountOperatorRoutes(operator.api());
        looks.add(operator::look);
      }
      core.extension().extensionStart(input, output);
      // Whom HiveMQ's own trust store admits is for its operator to change.
      core.follow(authorities -> {}, looks.toArray(Runnable[]::new));
    } catch (RuntimeException | LinkageError e) {
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

  private List<String> problems() {
    List<String> problems = new ArrayList<>(exposures.found());
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
