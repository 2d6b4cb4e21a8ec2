/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.operator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.muster.enrollment.inventory.Connected;
import dev.muster.enrollment.inventory.DeviceFilter;
import dev.muster.enrollment.inventory.DeviceStatus;
import dev.muster.enrollment.inventory.Span;
import dev.muster.enrollment.inventory.Tag;
import dev.muster.enrollment.inventory.Within;
import dev.muster.protocol.identity.FleetName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceQueryTest {
  private static DeviceFilter read(Map<String, List<String>> parameters) {
    return DeviceQuery.read(name -> parameters.getOrDefault(name, List.of())).filter(Within.ALL);
  }

  private static DeviceFilter words(String text) {
    return read(Map.of("q", List.of(text)));
  }

  @Test
  void words_areAsTheirParameters() {
    DeviceFilter filter = words("fleet:plant-a  status:active seen<1h seen>5m cert.expires<30d"
        + " tag:site=berlin tag:\"hall=no 3\" group:pumps manufacturer:acme is:offline Pump-7");
    assertThat(filter.fleet()).contains(new FleetName("plant-a"));
    assertThat(filter.status()).contains(DeviceStatus.ACTIVE);
    assertThat(filter.tags()).containsExactly(new Tag("site", "berlin"), new Tag("hall", "no 3"));
    assertThat(filter.prefix()).contains("pump-7");
    assertThat(filter.timely().connected()).contains(Connected.OFFLINE);
    assertThat(filter.timely().seen())
        .containsExactly(
            new Span(true, Duration.ofHours(1)), new Span(false, Duration.ofMinutes(5)));
    assertThat(filter.timely().certificateEnds())
        .containsExactly(new Span(true, Duration.ofDays(30)));
    assertThat(read(Map.of(
            "fleet", List.of("plant-a"),
            "status", List.of("active"),
            "seen", List.of("<1h", ">5m"),
            "cert.expires", List.of("<30d"),
            "tag", List.of("site=berlin", "hall=no 3"),
            "group", List.of("pumps"),
            "manufacturer", List.of("acme"),
            "is", List.of("offline"),
            "prefix", List.of("pump-7"))))
        .isEqualTo(filter);
    assertThat(words("seen:<1h")).isEqualTo(words("seen<60m"));
    assertThat(words("renewal:overdue").timely().renewalOverdue()).isTrue();
    assertThat(read(Map.of("renewal", List.of("overdue")))).isEqualTo(words("renewal:overdue"));
    assertThat(words(" ")).isEqualTo(DeviceFilter.NONE);
  }

  @Test
  void words_andParameters_areBothMeant() {
    DeviceFilter filter =
        read(Map.of("q", List.of("seen<1h"), "fleet", List.of("a"), "seen", List.of(">1m")));
    assertThat(filter.fleet()).contains(new FleetName("a"));
    assertThat(filter.timely().seen()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "seen<1x               | seen: \"<1x\" (expected: < or >, a number",
        "seen<                 | seen: \"<\" (expected: < or >",
        "seen:1h               | seen: \"1h\" (expected: < or >",
        "seen:never            | seen: \"never\" (expected: < or >",
        "seen<-1h              | seen: \"<-1h\"",
        "seen<99999999999h     | seen: \"<99999999999h\"",
        "seen<999999999w       | at most 100 years",
        "cert.expires<30       | cert.expires: \"<30\" (expected",
        "cert.expires<30d9     | hint: cert.expires<12h",
        "cert.expires=30d      | how an id begins",
        "fleet<1h              | q: \"fleet<1h\" (expected: fleet:",
        "site:berlin           | q: \"site:berlin\" (expected: fleet:",
        "prefix:a              | q: \"prefix:a\"",
        "seen<1h:2             | seen: \"<1h:2\"",
        "is:here               | is: \"here\" (expected: online, offline or never)",
        "renewal:late          | renewal: \"late\" (expected: overdue)",
        "is:online is:offline  | is: \"online\" and \"offline\" (expected: once",
        "a b                   | how an id begins: \"a\" and \"b\" (expected: once",
        "tag:\"site=hall 3      | q: a quote is not closed",
        "status:gone           | status: \"gone\" (expected",
        "seen<1h seen<2h seen<3h seen<4h seen<5h | seen: 5 times (expected: at most 4)",
      })
  void word_thatIsNone_isNamed_withWhatWasExpected(String text, String complaint) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> words(text))
        .withMessageContaining(complaint);
  }

  @Test
  void wordsWithoutEnd_areRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> words("tag:a=b ".repeat(1_000)))
        .withMessage("q: 8000 characters (expected: at most 2000)");
  }
}
