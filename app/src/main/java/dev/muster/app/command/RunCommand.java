/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.command;

import dev.muster.app.backend.Backend;
import dev.muster.app.config.MusterConfig;
import dev.muster.app.data.DataDirectory;
import java.time.Clock;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Mixin;

/** Runs services until the process is asked to end (SIGINT, SIGTERM). */
abstract class RunCommand implements Callable<Integer> {
  @Mixin
  DataOptions options = new DataOptions();

  abstract Set<Backend.Role> roles();

  @Override
  public final Integer call() throws InterruptedException {
    MusterConfig config = options.read();
    Clock clock = Clock.systemUTC();
    DataDirectory data = DataDirectory.openOrCreate(options.data(), config, clock);
    Backend backend = Backend.start(data, config, roles(), clock);
    Shutdown.onSignal(backend::close);
    System.out.println("dashboard: " + backend.endpoints().operatorUrl());
    backend
        .setUpUrl()
        .ifPresent(url -> System.out.println("first operator, once within 24 hours: " + url));
    System.out.println(backend.endpoints().readyLine(data.path()));
    new CountDownLatch(1).await(); // Until the signal; the hook does the rest.
    return 0;
  }
}
