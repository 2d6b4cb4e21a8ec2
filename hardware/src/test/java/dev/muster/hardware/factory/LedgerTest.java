/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  @TempDir
  Path folder;

  private static final String KEY = "ab".repeat(32);

  @Test
  void addUnlessOthers_keyOfAnotherSerial_isRefused_andNotNoted() {
    Ledger ledger = new Ledger(folder);
    ledger.addUnlessOthers("SN-1", KEY);
    ledger.addUnlessOthers("SN-1", KEY);

    assertThatThrownBy(() -> ledger.addUnlessOthers("SN-2", KEY))
        .isInstanceOf(FactoryException.class)
        .hasMessageStartingWith("serial SN-2: its key is that of SN-1 already");
    assertThat(ledger.serials()).containsExactly("SN-1");
  }

  /** Lines of old have no key; a power cut leaves a part of one. */
  @Test
  void add_afterATornLine_beginsANewOne() throws Exception {
    Files.writeString(folder.resolve(Ledger.FILE), "SN-1\nSN-2 abab");
    Ledger ledger = new Ledger(folder);

    ledger.add("SN-3", KEY);

    assertThat(ledger.serials()).containsExactly("SN-1", "SN-2", "SN-3");
  }
}
