/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.enrollment.inventory.ManifestEntry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestReadersTest {
  /** What was read, row by row. */
  private static final class Read implements ManifestRows {
    final List<ManifestEntry> entries = new ArrayList<>();
    final List<Integer> problems = new ArrayList<>();

    @Override
    public void entry(int row, ManifestEntry entry) {
      entries.add(entry);
    }

    @Override
    public void problem(int row, String reason) {
      problems.add(row);
      assertThat(reason).isNotBlank().matches("\\p{ASCII}*");
    }
  }

  private static Read csv(String text) {
    Read read = new Read();
    try {
      ManifestCsv.read(new StringReader(text), read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }

  private static Read json(String text) {
    Read read = new Read();
    try {
      ManifestJson.read(new StringReader(text), read);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return read;
  }

  @Test
  void csv_soundLines_areRead() {
    Read read = csv("serial,tags\nA.b_c-1,\"site=hall 3; a=b,spare\"\r\n2\n");
    assertThat(read.problems).isEmpty();
    assertThat(read.entries).hasSize(2);
    assertThat(read.entries.get(0).tags()).isEqualTo("a=b;site=hall 3;spare=true");
  }

  @Test
  void key_isRead_inCapitalsToo_andWhatIsNoneIsAProblem() {
    String key = "0a".repeat(32);
    Read read =
        csv("serial,key\nA,\nB," + key + "\nC," + key.toUpperCase(Locale.ROOT) + "\nD,0a\n");
    assertThat(read.problems).containsExactly(5);
    assertThat(read.entries)
        .extracting(entry -> String.valueOf(entry.key()))
        .containsExactly("null", key, key);
    assertThat(json("[{\"serial\":\"B\",\"key\":\"" + key + "\"}]").entries)
        .containsExactly(read.entries.get(1));
  }

  @Test
  void json_soundElements_areRead_likeCsv() {
    Read read = json("""
        [{"serial":"SN1","fleet":"north","device":"pump-7","tags":{"site":"hall 3","a":"b"}},
         {"serial":"SN2","fleet":null}]
        """);
    assertThat(read.problems).isEmpty();
    assertThat(read.entries)
        .isEqualTo(
            csv("serial,fleet,device,tags\nSN1,north,pump-7,a=b;site=hall 3\nSN2\n").entries);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-1",
        ".x",
        "a b",
        "a/b",
        "=1+1",
        "@x",
        "\u212A1",
        "\u0131",
        "\uFF21",
        "\u0430cme",
        "A\u0301",
        "a\u200Bb",
        "a\u00A0b",
        "a\u2011b",
        "\u202Ex",
        "a\u0000",
        "A\t1",
        "x\u0085y",
        "%41",
        "a\\u0041",
        "12345678901234567890123456789012345678901234567890123456789012345"
      })
  void unfitSerial_isAnErrorOfItsRow_inBothForms(String serial) {
    Read csv = csv("serial\n" + serial + "\nGOOD\n");
    assertThat(csv.problems).containsExactly(2);
    assertThat(csv.entries).extracting(ManifestEntry::serial).containsExactly("GOOD");
    Read json = json(new JsonArray()
        .add(new JsonObject().put("serial", serial))
        .add(new JsonObject().put("serial", "GOOD"))
        .encode());
    assertThat(json.problems).containsExactly(1);
    assertThat(json.entries).extracting(ManifestEntry::serial).containsExactly("GOOD");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Pump",
        "PUMP-7",
        "pump/7",
        "pump+",
        "#",
        "$sys",
        "-pump",
        "p\u0131mp",
        "\uFF50ump",
        "pump\u200B",
        "p\u0430mp",
        "pump 7",
        "..",
        "pump\u0000"
      })
  void unfitDeviceId_isAnErrorOfItsRow_inBothForms(String device) {
    assertThat(csv("serial,device\nSN1," + device + "\n").problems).containsExactly(2);
    assertThat(json(new JsonArray()
                .add(new JsonObject().put("serial", "SN1").put("device", device))
                .encode())
            .problems)
        .containsExactly(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"A1,t\u0000=x", "\"A1", "A1,\"t", "A1,a=1;a=2", "A1,X=1", "A1,a=,", "A1,a=1,b"})
  void csv_unfitLine_isAnErrorOfItsRow(String line) {
    assertThat(csv("serial,tags\n" + line + "\nGOOD\n").problems).containsExactly(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "7",
        "null",
        "\"SN1\"",
        "{}",
        "{\"serial\":7}",
        "{\"serial\":\"A\",\"Fleet\":\"x\"}",
        "{\"serial\":\"A\",\"tags\":\"a=b\"}",
        "{\"serial\":\"A\",\"tags\":{\"a\":1}}",
        "{\"serial\":\"A\",\"tags\":{\"a\":null}}",
        "{\"serial\":\"A\",\"fleet\":\"No\"}"
      })
  void json_unfitElement_isAnErrorOfItsRow(String element) {
    Read read = json("[" + element + ",{\"serial\":\"GOOD\"}]");
    assertThat(read.problems).containsExactly(1);
    assertThat(read.entries).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[",
        "[{]",
        "[] []",
        "[{\"serial\":\"A\",\"serial\":\"B\"}]",
        "[{\"serial\":\"A\"}",
        "[,]",
        ""
      })
  void json_thatIsNoArray_isRefusedWhole(String text) {
    assertThatThrownBy(() -> json(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("manifest:");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "serial,serial", "serial,tags,tags", "serial\u0007", "\"serial", "Serial"})
  void csv_unfitHeader_isRefusedWhole(String header) {
    assertThatThrownBy(() -> csv(header.isEmpty() ? "" : header + "\nA1\n"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("manifest:");
  }
}
