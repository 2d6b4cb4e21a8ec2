/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.factory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.awaitility.Awaitility.await;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  private static final Duration LIMIT = Duration.ofSeconds(60);

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
    assertThat(ledger.keys()).containsExactly(entry("SN-1", KEY));
  }

  /** A try that was cut short may have noted a key that is lost. */
  @Test
  void keys_serialNotedTwice_isTheNewest() {
    Ledger ledger = new Ledger(folder);
    ledger.add("SN-1", "cd".repeat(32));
    ledger.add("SN-2", "ef".repeat(32));
    ledger.add("SN-1", KEY);
    assertThat(ledger.keys()).containsExactly(entry("SN-1", KEY), entry("SN-2", "ef".repeat(32)));
  }

  /** Lines of old have no key; of what was not whole, nobody has a certificate. */
  @Test
  void tornLine_isNone_andTheNextTakesItsPlace() throws Exception {
    Path file = Files.writeString(folder.resolve(Ledger.FILE), "SN-1\nSN-2 abab");
    Ledger ledger = new Ledger(folder);
    assertThat(ledger.keys()).containsExactly(entry("SN-1", ""));

    ledger.add("SN-3", KEY);
    assertThat(file).content().isEqualTo("SN-1\nSN-3 " + KEY + "\n");

    Files.writeString(file, "SN-4");
    ledger.addUnlessOthers("SN-5", KEY);
    assertThat(ledger.keys()).containsExactly(entry("SN-5", KEY));
  }

  /** What a power cut leaves where it had begun to write need not even be text. */
  @Test
  void tornLine_ofAnything_isNone() throws Exception {
    Path file = folder.resolve(Ledger.FILE);
    byte[] whole = ("SN-1 " + KEY + "\n").getBytes(StandardCharsets.US_ASCII);
    byte[] torn = Arrays.copyOf(whole, whole.length + 9);
    Arrays.fill(torn, whole.length, torn.length, (byte) 0xE5);
    Files.write(file, torn);
    Ledger ledger = new Ledger(folder);
    assertThat(ledger.keys()).containsExactly(entry("SN-1", KEY));

    ledger.addUnlessOthers("SN-2", "cd".repeat(32));

    assertThat(ledger.keys()).containsExactly(entry("SN-1", KEY), entry("SN-2", "cd".repeat(32)));
  }

  /** Closing any descriptor of a file takes away the lock that a process has on it. */
  @Test
  void addUnlessOthers_byTwoProcessesAtOnce_givesEachKeyToOne() throws Exception {
    Process other = new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            LedgerWriter.class.getName(),
            folder.toString(),
            "other")
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("other.out").toFile())
        .start();
    try {
      await().atMost(LIMIT).until(() -> !other.isAlive() || Files.exists(folder.resolve("other")));
      LedgerWriter.main(folder.toString(), "here");
      assertThat(other.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
    } finally {
      other.destroyForcibly();
    }

    assertThat(folder.resolve("other.out")).isEmptyFile();
    assertThat(other.exitValue()).isZero();
    assertThat(new Ledger(folder).keys()).hasSize(LedgerWriter.KEYS);
  }
}
