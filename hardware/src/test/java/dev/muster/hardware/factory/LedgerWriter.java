/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that gives serial numbers of its own to keys that others are after, too. */
final class LedgerWriter {
  static final int KEYS = 200;

  private LedgerWriter() {}

  /** Arguments: the ledger's folder, and a name, which a file has once it begins. */
  public static void main(String... args) throws IOException {
    Path folder = Path.of(args[0]);
    Ledger ledger = new Ledger(folder);
    Files.createFile(folder.resolve(args[1]));
    for (int i = 0; i < KEYS; i++) {
      try {
        ledger.addUnlessOthers(args[1] + "-" + i, "key-" + i);
      } catch (FactoryException e) {
        // The other was faster.
      }
    }
  }
}
