/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.UserError;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.hardware.agent.AgentConfig;
import dev.muster.hardware.agent.DeviceAgent;
import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** A device without a program of its own. */
@Command(
    name = "device",
    description = "Be a device of a fleet.",
    subcommands = DeviceCommand.Run.class)
public final class DeviceCommand {
  @Command(
      name = "run",
      description = "Enroll, stay connected, and send what this machine's sensors measure.")
  static final class Run implements Callable<Integer> {
    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "The settings, key=value: where the backend is, whom to trust, the IDevID."
            + " All of them: hardware/systemd/device.properties, docs/device-agent.md.")
    Path config = Path.of("device.properties");

    @Override
    public Integer call() throws InterruptedException {
      DeviceAgent agent = start();
      Shutdown.onSignal(agent::close);
      System.out.println("ready boot=" + agent.device().bootId());
      new CountDownLatch(1).await(); // Until the signal; the hook does the rest.
      return 0;
    }

    private DeviceAgent start() {
      try {
        return DeviceAgent.start(AgentConfig.read(config), Clock.systemUTC());
      } catch (IllegalArgumentException | IllegalStateException | KeyUnavailableException e) {
        throw new UserError(String.valueOf(e.getMessage()));
      }
    }
  }
}
