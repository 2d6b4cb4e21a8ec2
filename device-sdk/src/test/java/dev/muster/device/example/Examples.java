/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.example;

import dev.muster.device.CommandResult;
import dev.muster.device.DeviceHealth;
import dev.muster.device.DeviceListener;
import dev.muster.device.DeviceLog;
import dev.muster.device.DeviceState;
import dev.muster.device.DropPolicy;
import dev.muster.device.FleetDevice;
import dev.muster.device.MessageClass;
import dev.muster.device.PublishException;
import dev.muster.device.PublishReceipt;
import dev.muster.protocol.telemetry.Measurement;
import dev.muster.protocol.telemetry.Measurement.Value;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/** What docs/device-sdk.md shows; each method is a block there, to the letter. */
final class Examples {
  private final List<String> restart;
  final AtomicReference<Duration> interval = new AtomicReference<>(Duration.ofSeconds(10));

  /** @param restart the program that starts the machine anew, and its arguments */
  Examples(String... restart) {
    this.restart = List.of(restart);
  }

  void receipts(FleetDevice device) throws Exception {
    PublishReceipt receipt = device.telemetry("env").send(Map.of("temperature", 21.4));
    receipt.stored().get(5, TimeUnit.SECONDS); // It survives a power cut from here on.
    receipt.acknowledged().whenComplete((done, failure) -> {
      if (failure instanceof PublishException dropped) {
        System.err.println(receipt.identity() + " is lost: " + dropped.dropReason());
      }
    });
  }

  void units(FleetDevice device) {
    Instant measured = Instant.now();
    device
        .telemetry("env")
        .send(List.of(
            new Measurement("temperature", "Cel", measured, new Value.Number(21.4)),
            new Measurement("door", null, measured.minusSeconds(2), new Value.Text("open"))));
  }

  void alarms(FleetDevice device) {
    device.alarm("overheated", Map.of("temperature", 92.5));
    device.event("operator-login", Map.of("badge", "4711"));
    device.telemetry("trace", MessageClass.DEBUG).publish(Map.of("loop", 17));
  }

  void commands(FleetDevice device) {
    device.onCommand("blink", (command, context) -> {
      context.progress("blinking");
      return CommandResult.done(Map.of("payload", String.valueOf(command.payload())));
    });
    device.onCommand("reboot", (command, context) -> {
      try {
        context.answer(CommandResult.done()).get(30, TimeUnit.SECONDS);
      } catch (TimeoutException e) {
        // A call of yours before it does not return: one more reason.
      }
      new ProcessBuilder(restart).start(); // systemctl reboot
      return CommandResult.done();
    });
  }

  void twin(FleetDevice device) {
    device.twin().onDesired(desired -> {
      if (desired.get("interval") instanceof Long seconds) {
        interval.set(Duration.ofSeconds(seconds));
        device.twin().report(Map.of("interval", seconds));
      }
    });
    device.twin().report(Map.of("firmware", "2.1"));
  }

  boolean health(FleetDevice device) {
    DeviceHealth health = device.health();
    health.storageProblem().ifPresent(problem -> System.err.println("disk: " + problem));
    return health.state() == DeviceState.ONLINE && health.statistics().waiting() < 1000;
  }

  void logs(FleetDevice device) {
    device.onCommand(DeviceLog.COMMAND, device.log());
  }

  FleetDevice limits(Path files, URI enrollment, URI broker) {
    return FleetDevice.builder()
        .enrollment(enrollment)
        .broker(broker)
        .trust(files.resolve("root.pem"))
        .factoryIdentity(files.resolve("device.key"), files.resolve("chain.pem"))
        .stateDirectory(files.resolve("state"))
        .queueLimit(2_000, 1024 * 1024)
        .journalLimit(16 * 1024 * 1024)
        .dropPolicy(MessageClass.TELEMETRY, DropPolicy.NEWEST)
        .listener(new DeviceListener() {
          @Override
          public void onState(DeviceState state, String reason) {
            System.out.println(state + ": " + reason);
          }
        })
        .build();
  }

  FleetDevice claiming(Path files, URI enrollment, URI broker) {
    return FleetDevice.builder()
        .enrollment(enrollment)
        .broker(broker)
        .trust(files.resolve("root.pem"))
        .claimToken(files.resolve("claim-token"))
        .stateDirectory(files.resolve("state"))
        .build();
  }

  void many(List<FleetDevice.Builder> builders) {
    ExecutorService callbacks = Executors.newSingleThreadExecutor();
    List<FleetDevice> devices =
        builders.stream().map(builder -> builder.callbacks(callbacks).build()).toList();
    devices.forEach(FleetDevice::start);
    devices.forEach(FleetDevice::close);
    callbacks.shutdown();
  }
}
