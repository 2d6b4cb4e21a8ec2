/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.agent;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/** Gets on, as the agent does, until there is a file. */
final class SupervisedProgram {
  private SupervisedProgram() {}

  public static void main(String[] args) throws InterruptedException {
    Path hang = Path.of(args[0]);
    Supervisor.of(System.getenv())
        .watch(Executors.newSingleThreadScheduledExecutor(), () -> !Files.exists(hang));
    Thread.currentThread().join();
  }
}
