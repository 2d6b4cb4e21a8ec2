/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.revocation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CrlDirectoryTest {
  private static final Instant NOW = Instant.parse("2026-01-31T12:00:00Z");

  @TempDir
  Path folder;

  private CrlDirectory directory;
  private Path file;

  @BeforeEach
  void readOnce() throws IOException {
    directory = new CrlDirectory(folder);
    file = folder.resolve("device.crl");
    assertThat(directory.readIfChanged("device", NOW)).isEmpty();
    put(1, 2);
    assertThat(directory.readIfChanged("device", NOW)).hasValue(new byte[] {1, 2});
  }

  private void put(int... bytes) throws IOException {
    byte[] content = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      content[i] = (byte) bytes[i];
    }
    Files.write(file, content);
    Files.setLastModifiedTime(file, FileTime.from(NOW));
  }

  @Test
  void file_thatLooksAsBefore_isNotReadAgain_forAMinute() throws IOException {
    put(3, 4);
    assertThat(directory.readIfChanged("device", NOW.plusSeconds(59))).isEmpty();
    assertThat(directory.readIfChanged("device", NOW.plusSeconds(60))).hasValue(new byte[] {3, 4});
    assertThat(directory.readIfChanged("device", NOW.plusSeconds(61))).isEmpty();
  }

  @Test
  void file_ofAnotherSizeOrTime_isRead() throws IOException {
    put(1, 2, 3);
    assertThat(directory.readIfChanged("device", NOW)).hasValue(new byte[] {1, 2, 3});
    Files.setLastModifiedTime(file, FileTime.from(NOW.minusSeconds(1)));
    assertThat(directory.readIfChanged("device", NOW)).hasValue(new byte[] {1, 2, 3});
    assertThat(directory.readIfChanged("device", NOW)).isEmpty();
  }

  @Test
  void file_ofACaThatWasGone_isRead() throws IOException {
    directory.remove("device");
    put(1, 2);
    assertThat(directory.readIfChanged("device", NOW)).hasValue(new byte[] {1, 2});
  }
}
