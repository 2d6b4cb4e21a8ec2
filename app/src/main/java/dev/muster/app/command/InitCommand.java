/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.config.MusterConfig;
import dev.muster.app.data.DataDirectory;
import java.time.Clock;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Makes a data directory and starts nothing. */
@Command(
    name = "init",
    description =
        "Make the data directory: CAs, service certificates, admin token, commented settings. Starts nothing.")
public final class InitCommand implements Callable<Integer> {
  @Mixin
  DataOptions options = new DataOptions();

  @Override
  public Integer call() {
    boolean wasThere = DataDirectory.isMade(options.data());
    MusterConfig config = options.read();
    DataDirectory data = DataDirectory.openOrCreate(options.data(), config, Clock.systemUTC());
    System.out.println((wasThere ? "already made, and sound: " : "made: ") + data.path());
    System.out.println("root to trust:  " + data.resolve("trust/root.pem"));
    System.out.println("admin token:    " + data.resolve("admin-token"));
    System.out.println("settings:       " + data.resolve("muster.yaml"));
    System.out.println("topic policy:   " + data.resolve("policy.yaml"));
    return 0;
  }
}
