/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker;

import dev.muster.broker.command.Commands;
import dev.muster.broker.delivery.Deliveries;
import dev.muster.broker.mqtt.FleetExtension;
import dev.muster.broker.mqtt.StateIntake;
import dev.muster.broker.presence.AlarmBook;
import dev.muster.broker.presence.PresenceBook;
import dev.muster.broker.presence.PresenceListener;
import dev.muster.broker.session.DevicePublisher;
import dev.muster.broker.session.FlapWatch;
import dev.muster.broker.session.SessionAlarm;
import dev.muster.broker.state.StateStore;
import dev.muster.broker.telemetry.TelemetryDatabase;
import dev.muster.broker.twin.Twin;
import dev.muster.broker.twin.Twins;
import dev.muster.protocol.identity.DeviceId;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Twins, commands and presence of devices, put together. */
final class DeviceState implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DeviceState.class);
  private static final long UPKEEP_SECONDS = 1;
  private static final int FORGET_TICKS = 60;

  private final StateStore store;
  private final Twins twins;
  private final Commands commands;
  private final Deliveries deliveries;
  private final PresenceBook presence;
  private final AlarmBook alarms;
  private final FlapWatch flapping;
  private int ticks;
  private volatile @Nullable String upkeepProblem;
  private final DevicePublisher publisher = FleetExtension.newPublisher();
  private final ScheduledExecutorService upkeep =
      Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "muster-state-upkeep");
        thread.setDaemon(true);
        return thread;
      });

  private DeviceState(
      TelemetryDatabase database, PresenceListener listener, Clock clock, MeterRegistry meters) {
    store = StateStore.start(database, meters);
    twins = new Twins(store, clock);
    commands = new Commands(store, clock);
    deliveries = new Deliveries(List.of(twins, commands), publisher, meters);
    alarms = new AlarmBook(store, clock, meters);
    flapping = new FlapWatch(clock, alarms::note);
    presence = opened(listener, clock, meters);
  }

  private PresenceBook opened(PresenceListener listener, Clock clock, MeterRegistry meters) {
    try {
      return PresenceBook.open(store, publisher, listener, clock, meters);
    } catch (IllegalStateException e) {
      close();
      throw new StartFailedException("state of devices cannot be read: " + e.getCause(), e);
    }
  }

  /** Starts on a database, which stays the caller's to close, after this. */
  static DeviceState start(
      TelemetryDatabase database, PresenceListener listener, Clock clock, MeterRegistry meters) {
    DeviceState state = new DeviceState(database, listener, clock, meters);
    state.upkeep.scheduleWithFixedDelay(
        state::keepUp, UPKEEP_SECONDS, UPKEEP_SECONDS, TimeUnit.SECONDS);
    return state;
  }

  private void keepUp() {
    try {
      commands.expire();
      if (++ticks % FORGET_TICKS == 0) {
        presence.forget();
      }
      upkeepProblem = null;
    } catch (SQLException | RuntimeException | Error e) {
      // The next time, perhaps; a schedule ends for good with the first exception, or error.
      upkeepProblem = "upkeep of the state of devices: " + e;
      LOG.warn("Upkeep of the state of devices failed error={}", e.toString());
    }
  }

  /** What the extension is to know of it. */
  StateIntake.Parts parts() {
    return new StateIntake.Parts(
        twins, commands, deliveries, publisher, List.of(presence, deliveries, flapping));
  }

  /** Notes an alarm about sessions; returns at once. */
  void noteAlarm(SessionAlarm alarm) {
    alarms.note(alarm);
  }

  /** Tells who is there; to be called when the broker runs. */
  void announce() {
    presence.announce();
  }

  void mount(Router router, WorkerExecutor executor) {
    new TwinRoutes(twins, deliveries, executor).mount(router);
    new CommandRoutes(commands, deliveries, executor).mount(router);
    new PresenceRoutes(presence, alarms, executor).mount(router);
  }

  /** Empty if it cannot be read; blocks. */
  Optional<Twin> twin(DeviceId device) {
    try {
      return Optional.of(twins.find(device));
    } catch (SQLException | RuntimeException e) {
      LOG.warn("Twin not read device={} error={}", device, e.toString());
      return Optional.empty();
    }
  }

  PresenceBook presence() {
    return presence;
  }

  /** Why nothing can be kept at present; empty if all is well. */
  Optional<String> problem() {
    return store.problem().or(() -> Optional.ofNullable(upkeepProblem));
  }

  @Override
  public void close() {
    upkeep.shutdownNow();
    deliveries.close();
    presence.close();
    store.close();
  }
}
