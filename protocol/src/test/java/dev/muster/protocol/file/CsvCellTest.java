/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.protocol.file;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CsvCellTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"=1+1", "+1", "-1", "@SUM(A1)", "\uFF1D1+1", "\uFF0B1", "\uFF0D1", "\uFF20SUM(A1)"
      })
  void of_textThatBeginsAFormula_getsAnApostrophe(String text) {
    assertThat(CsvCell.of(text)).isEqualTo("'" + text);
  }

  @Test
  void of_number_staysOne() {
    assertThat(CsvCell.of(-1.5)).isEqualTo("-1.5");
    assertThat(CsvCell.of(true)).isEqualTo("true");
  }

  @Test
  void of_textWithSeparators_isQuoted() {
    assertThat(CsvCell.of("a,b")).isEqualTo("\"a,b\"");
    assertThat(CsvCell.of("say \"no\"")).isEqualTo("\"say \"\"no\"\"\"");
    assertThat(CsvCell.of("a\nb")).isEqualTo("\"a\nb\"");
    assertThat(CsvCell.of("\r=1")).isEqualTo("\"'\r=1\"");
    assertThat(CsvCell.of("\n=1")).isEqualTo("\"'\n=1\"");
    assertThat(CsvCell.of("\tx")).isEqualTo("\"'\tx\"");
  }

  /** To a spreadsheet that takes them for separators, a formula would begin behind them. */
  @Test
  void of_textWithWhatSeparatesElsewhere_isQuoted() {
    assertThat(CsvCell.of("a;=1+1")).isEqualTo("\"a;=1+1\"");
    assertThat(CsvCell.of("a\t=1+1")).isEqualTo("\"a\t=1+1\"");
  }
}
