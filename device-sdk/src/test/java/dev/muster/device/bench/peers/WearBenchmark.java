/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.bench.peers;

import dev.muster.testing.PeerProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the block device has to write for a message of 200 bytes, at 50 a second.
 * {@code -Dbench.disk=FOLDER}, on a file system to which nobody else writes;
 * {@code -Dbench.wear=40} seconds for each.
 */
class WearBenchmark {
  private static final int SECONDS = Integer.getInteger("bench.wear", 40);
  private static final int RATE = 50;
  private static final int SECTOR_BYTES = 512;

  @TempDir
  Path temporary;

  @Test
  void clients_oneAfterTheOther_bytesOnTheBlockDevice() throws Exception {
    String disk = System.getProperty("bench.disk");
    Path folder = disk == null ? temporary : Files.createTempDirectory(Path.of(disk), "wear");
    measure("paho-files", "paho, its files", folder, false);
    measure("ours", "ours, the broker answers", folder, false);
    measure("ours", "ours, it does not", folder, true);
  }

  private void measure(String client, String what, Path parent, boolean frozen) throws Exception {
    Path folder = Files.createTempDirectory(parent, client);
    try (Broker broker = new Broker(Files.createTempDirectory(temporary, client), folder);
        Running program = new Running(client, broker.link())) {
      if (frozen) {
        broker.freeze();
      }
      long before = written(folder);
      long sent = program.publish(Integer.MAX_VALUE, SECONDS, RATE).sent();
      System.err.printf(
          "%-28s %8.0f bytes a message (%d messages)%n",
          what, (double) (written(folder) - before) / sent, sent);
    }
  }

  /** By the device below the folder, once nothing is left to write. */
  private static long written(Path folder) throws IOException {
    PeerProgram.require("sync").run(folder, "-f", folder.toString()).expectSuccess();
    String device = PeerProgram.require("findmnt")
        .run(folder, "-no", "MAJ:MIN", "--target", folder.toString())
        .expectSuccess()
        .stdout()
        .strip();
    List<String> fields = List.of(
        Files.readString(Path.of("/sys/dev/block", device, "stat")).strip().split("\\s+"));
    return Long.parseLong(fields.get(6)) * SECTOR_BYTES;
  }
}
