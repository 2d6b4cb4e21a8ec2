/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.protocol.tls.Renegotiation;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.security.auth.login.FailedLoginException;

/**
 * {@code muster-device}, the agent alone: what {@code muster device run} does, with a tenth of its
 * jars. Exit codes: 0 done, 1 failed, 2 wrong usage, 77 if a token refuses the PIN: with that,
 * nobody may start it again and again, for tokens lock themselves (the unit's
 * RestartPreventExitStatus).
 */
public final class AgentCommand {
  /** EX_NOPERM of sysexits.h. Not 3, with which a JVM ends that has no memory left. */
  static final int PIN_REFUSED = 77;

  private static final String USAGE = """
      Usage: muster-device [--config FILE]
      Enrolls, stays connected, and sends what this machine's sensors measure.
        --config FILE   the settings; /etc/muster-device/device.properties unless given
        --help          shows this
      """;

  private AgentCommand() {}

  public static void main(String[] args) throws InterruptedException {
    // Before anything speaks TLS.
    Renegotiation.refuse();
    AgentLogging.start(System.getenv("JOURNAL_STREAM") != null);
    int exitCode = run(List.of(args));
    if (exitCode != 0) {
      System.exit(exitCode);
    }
  }

  static int run(List<String> args) throws InterruptedException {
    if (args.contains("--help")) {
      System.out.print(USAGE);
      return 0;
    }
    if (args.isEmpty()) {
      return serve(Path.of("/etc/muster-device/device.properties"));
    }
    if (args.size() == 2 && args.get(0).equals("--config")) {
      return serve(Path.of(args.get(1)));
    }
    System.err.println("muster-device: " + String.join(" ", args) + " (expected: --config FILE)");
    System.err.print(USAGE);
    return 2;
  }

  private static int serve(Path config) throws InterruptedException {
    try {
      DeviceAgent agent = DeviceAgent.start(AgentConfig.read(config), Clock.systemUTC());
      Runtime.getRuntime().addShutdownHook(new Thread(agent::close, "shutdown"));
      System.out.println("ready boot=" + agent.device().bootId());
    } catch (IllegalArgumentException | IllegalStateException | KeyUnavailableException e) {
      System.err.println("muster-device: " + e.getMessage());
      return e.getCause() instanceof FailedLoginException ? PIN_REFUSED : 1;
    }
    new CountDownLatch(1).await(); // Until the signal; the hook does the rest.
    return 0;
  }
}
