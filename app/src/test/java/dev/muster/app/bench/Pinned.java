/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.app.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Programs that have one core each: the servers the first, what loads them the second. */
final class Pinned {
  static final Path ROOT = Path.of(System.getProperty("muster.root")).toAbsolutePath();
  static final String HEAP = "-Xmx1g";
  static final int SERVERS = 0;
  static final int LOAD = 1;

  private Pinned() {}

  /** {@code ./muster} with these arguments. */
  static List<String> muster(String... arguments) {
    List<String> command = new ArrayList<>(List.of(ROOT.resolve("muster").toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  static ProcessBuilder process(Path folder, int core, List<String> command) {
    List<String> whole = new ArrayList<>(List.of("taskset", "-c", Integer.toString(core)));
    whole.addAll(command);
    ProcessBuilder builder = new ProcessBuilder(whole).directory(folder.toFile());
    // Not what the tests have, whose processes are short-lived: with the second compiler, as in
    // use.
    builder.environment().put("MUSTER_JAVA_OPTS", HEAP);
    return builder;
  }
}
