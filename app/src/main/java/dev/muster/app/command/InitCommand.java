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
import picocli.CommandLine.Option;

/** Makes a data directory and starts nothing. */
@Command(
    name = "init",
    description =
        "Make the data directory: CAs, service certificates, admin token, commented settings. Starts nothing.")
public final class InitCommand implements Callable<Integer> {
  @Mixin
  DataOptions options = new DataOptions();

  @Option(
      names = "--reissue-services",
      description =
          "Issue the certificates in DIR/services anew; for when they are lost or damaged.")
  boolean reissueServices;

  @Override
  public Integer call() {
    Terminal.quiet();
    boolean wasThere = DataDirectory.isMade(options.data());
    MusterConfig config = options.read();
    if (reissueServices && wasThere) {
      DataDirectory.reissueServices(options.data(), config, Clock.systemUTC());
    }
    DataDirectory data = DataDirectory.openOrCreate(options.data(), config, Clock.systemUTC());
    System.out.println((wasThere ? "already made, and sound: " : "made: ") + data.path());
    System.out.println("root to trust:  " + data.resolve("trust/root.pem"));
    System.out.println("admin token:    " + data.resolve("admin-token"));
    System.out.println("settings:       " + data.resolve("muster.yaml"));
    System.out.println("topic policy:   " + data.resolve("policy.yaml"));
    return 0;
  }
}
