/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.muster.enrollment.inventory.ManifestEntry;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;

/** Manifests as spreadsheets and factories write them, and worse. */
class ManifestCsvFuzzTest {
  private int told;

  @FuzzTest(maxDuration = "1m")
  void read_anyText_tellsOfEachRowOrThrowsTheDocumentedException(byte[] body) throws IOException {
    String text = new String(body, StandardCharsets.UTF_8);
    told = 0;
    try {
      ManifestCsv.read(new StringReader(text), new Counting());
      assertThat((long) told)
          .isEqualTo(text.lines().skip(1).filter(line -> !line.isBlank()).count());
    } catch (IllegalArgumentException documented) {
      assertThat(documented).hasMessageStartingWith("manifest: ");
    }
  }

  private final class Counting implements ManifestRows {
    @Override
    public void entry(int row, ManifestEntry entry) {
      assertThat(entry.serial()).isNotBlank();
      told++;
    }

    @Override
    public void problem(int row, String reason) {
      assertThat(reason).isNotBlank();
      told++;
    }
  }
}
