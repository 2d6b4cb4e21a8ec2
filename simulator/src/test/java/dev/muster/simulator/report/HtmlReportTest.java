/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.simulator.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HtmlReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir
  Path folder;

  @Test
  void page_needsNothingFromElsewhere_andRunsNoScript() throws IOException {
    String page = HtmlReport.page(run(2));
    assertThat(page)
        .startsWith("<!doctype html>")
        .doesNotContain("http://", "https://", "src=", "@import", "url(")
        .containsOnlyOnce("<script type=\"application/json\"")
        .contains("Processor of the server", "reconnect-storm", "42.0 ms", "7 of 8");
    assertThat(page.split("<script", -1)).hasSize(2);
  }

  @Test
  void page_reasonWithMarkup_isShownAsText() throws IOException {
    ObjectNode run = run(2);
    run.putObject("connectionFailures").put("</script><img onerror=x>", 3);
    String page = HtmlReport.page(run);
    assertThat(page).doesNotContain("<img").contains("&lt;img onerror=x&gt;");
    assertThat(JSON.readTree(HtmlReport.data(page)))
        .as("the run is in the page, unchanged")
        .isEqualTo(run);
  }

  @Test
  void page_saysWhatWasDone_andOnWhat() throws IOException {
    ObjectNode run = run(2);
    run.put("scenarioText", "name: a<b\nphases: [ramp: {for: 1s}]");
    run.put("serverVersion", "1.2.3").put("version", "1.2.4");
    assertThat(HtmlReport.page(run))
        .contains("version of the server<td>1.2.3", "version of the simulator<td>1.2.4")
        .contains("The scenario", "name: a&lt;b\nphases: [ramp: {for: 1s}]")
        .contains("2 processors (Z80), memory of 48 MiB");
    assertThat(HtmlReport.page(run(2))).doesNotContain("The scenario");
  }

  @Test
  void page_nothingHappened_isAPageToo() throws IOException {
    ObjectNode run = run(2);
    run.putArray("samples");
    run.putArray("phases");
    run.putNull("latency");
    assertThat(HtmlReport.page(run)).contains("<svg").doesNotContain("NaN");
  }

  @Test
  void page_brokenExpectation_isSaid() throws IOException {
    ObjectNode run = run(2);
    run.putArray("expectations")
        .addObject()
        .put("name", "longest-gap")
        .put("limit", 5.0)
        .put("found", 7.25)
        .put("holds", false);
    run.putObject("serverFaults").put("kills", 3).putArray("problems").add("hook: <x>");
    run.putArray("history").add("d1: message 7 of boot b was acknowledged and is not stored");
    assertThat(HtmlReport.page(run))
        .contains("longest-gap", "7.25", "at most 5", "does not hold", "hook: &lt;x&gt;", "3 times")
        .contains("A broken promise", "d1: message 7")
        .as("what is wrong stands out")
        .containsPattern("longest-gap<td class=\"bad\">does not hold.*7\\.25")
        .contains("<dt>lost</dt><dd>0");
    assertThat(HtmlReport.page(run(2).put("altered", 1)))
        .contains("<dt>altered</dt><dd class=\"bad\">1", "<dt>dead letters</dt><dd>not looked up");
    assertThat(HtmlReport.page(run(2))).doesNotContain("expected", "broken promise");
  }

  @Test
  void compare_pageWithJson_givesRatios() throws IOException {
    Path page = Files.writeString(folder.resolve("a.html"), HtmlReport.page(run(2)));
    Path json = Files.writeString(folder.resolve("b.json"), run(6).toString());
    List<Comparison.Row> rows = Comparison.of(Comparison.read(page), Comparison.read(json));
    assertThat(rows)
        .extracting(row -> row.name() + " " + row.ratio())
        .contains(
            "latency p99, ms 1.0",
            "messages per second 1.0",
            "2 reconnect-storm, offline max, ms 1.0",
            "server, processor per message, ms 3.0",
            "server, memory at most, MiB 1.0");
    assertThat(Comparison.toText(rows)).contains("B / A").contains("3.00");
  }

  @Test
  void compare_brokenPromises_areThere_ifBothLookedThemUp() throws IOException {
    ObjectNode one = run(2).put("altered", 0);
    ObjectNode other = run(2).put("altered", 3).put("deadLetters", 1);
    assertThat(Comparison.of(one, other))
        .contains(Comparison.Row.of("lost", 0, 0), Comparison.Row.of("altered", 0, 3))
        .extracting(Comparison.Row::name)
        .as("of a run that did not count them")
        .doesNotContain("dead letters");
  }

  @Test
  void compare_otherPhases_leavesThemOut() throws IOException {
    ObjectNode other = run(2);
    other.putArray("phases");
    assertThat(Comparison.of(run(2), other))
        .extracting(Comparison.Row::name)
        .noneMatch(name -> name.contains("storm"));
  }

  @Test
  void read_somethingElse_isRefusedByName() throws IOException {
    Path file = Files.writeString(folder.resolve("x.html"), "<html>");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.read(file))
        .withMessageStartingWith(file + ": is no run (expected:");
    Path binary = Files.write(folder.resolve("x.gz"), new byte[] {0x1f, (byte) 0x8b});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.read(binary))
        .withMessageStartingWith(binary + ": is no run (expected:");
    String page = HtmlReport.page(JSON.createObjectNode());
    Path torn = Files.writeString(
        folder.resolve("torn.html"), page.substring(0, page.lastIndexOf("</script>")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.read(torn))
        .withMessageStartingWith(torn + ": is no run (expected:");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Comparison.read(folder.resolve("none")))
        .withMessageEndingWith("none: does not exist");
  }

  @Test
  void niceTop_isTheNextShortNumber() {
    assertThat(List.of(0.0, 0.03, 1.0, 1.1, 3.0, 4.1, 77.0, 901.0))
        .extracting(LineChart::niceTop)
        .containsExactly(1.0, 0.04, 1.0, 2.0, 4.0, 5.0, 80.0, 1000.0);
    assertThat(List.of(0.0, 0.5, 2.25, 100.0, 12345.0))
        .extracting(LineChart::number)
        .containsExactly("0", "0.5", "2.25", "100", "12\u202f345");
  }

  private static ObjectNode run(int cpuSeconds) throws IOException {
    JsonNode run = JSON.readTree("""
        {"scenario":"storm","result":"passed","client":"light","server":"mqtts://h:1","seed":7,
         "messagesPerSecond":1,"devices":8,"connected":7,"sent":20,"acknowledged":20,"lost":0,"duplicated":0,
         "seconds":2.0,"latency":{"p50Ms":1,"p90Ms":2,"p99Ms":42,"maxMs":50},
         "phases":[{"name":"ramp","begin":0,"seconds":1,"sent":10,"acknowledged":10,"back":0,"latency":null},
          {"name":"reconnect-storm","begin":1,"seconds":1,"sent":10,"acknowledged":10,"back":4,
           "latency":{"p50Ms":1,"p90Ms":2,"p99Ms":3,"maxMs":4},
           "offline":{"p50Ms":1,"p90Ms":2,"p99Ms":3,"maxMs":4}}],
         "samples":[{"at":1,"sent":10,"acknowledged":10,"online":8,"connects":8,"disconnects":0,
           "latency":{"p50Ms":1,"p90Ms":2,"p99Ms":3,"maxMs":4},"server":{"cpuSeconds":1,"residentBytes":1048576}},
          {"at":2,"sent":10,"acknowledged":10,"online":4,"connects":4,"disconnects":4,"latency":null,
           "server":{"cpuSeconds":%d,"residentBytes":2097152}}],
         "machine":{"processors":2,"cpu":"Z80","memoryMiB":48}}
        """.formatted(1 + cpuSeconds));
    return (ObjectNode) run;
  }
}
