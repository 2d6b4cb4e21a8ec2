/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.broker.authz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.muster.protocol.topic.TopicFilter;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OwnFilterTest {
  private static final int TRIES = 200_000;
  private static final List<String> LEVELS = List.of(
      "a",
      "b",
      "",
      "+",
      "$s",
      "f",
      "d",
      "ad",
      "a.d",
      "${subject.CN}",
      "${subject.O}",
      "${client.id}",
      "a${subject.CN}",
      "${subject.O}.${subject.CN}",
      "x${client.id}y");
  private static final List<String> ASKED =
      List.of("a", "b", "", "+", "#", "$s", "f", "d", "ad", "a.d", "f.d", "xcy", "c", "e");

  private final Random random = new Random(7);

  /** One is matched without the text that the other is made of. */
  @Test
  void saysTheSame_asTheFilterOfTheText() {
    int agreed = 0;
    for (int i = 0; i < TRIES; i++) {
      OwnFilter.Names names = new OwnFilter.Names(
          new ClientSubject(
              "device", one(List.of("d", "a", "c")), one(List.of("f", "a")), "device"),
          one(List.of("c", "d", "a")));
      String template = text(LEVELS) + (random.nextInt(4) == 0 ? "/#" : "");
      if (template.isEmpty()) {
        continue;
      }
      OwnFilter own = new OwnFilter(new Template(template));
      TopicFilter resolved = own.resolve(names);
      String asked = text(ASKED);
      assertThat(own.matches(asked, names))
          .as("%s as %s matches %s", template, resolved, asked)
          .isEqualTo(resolved.matches(asked));
      if (isFilter(asked)) {
        boolean covers = resolved.covers(TopicFilter.of(asked));
        assertThat(own.covers(asked, names))
            .as("%s as %s covers %s", template, resolved, asked)
            .isEqualTo(covers);
        agreed += covers ? 1 : 0;
      }
    }
    assertThat(agreed).as("cases in which it is covered").isGreaterThan(1_000);
  }

  private String text(List<String> levels) {
    return Stream.generate(() -> one(levels))
        .limit(1 + random.nextInt(3))
        .collect(Collectors.joining("/"));
  }

  private <T> T one(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private static boolean isFilter(String asked) {
    try {
      TopicFilter.of(asked);
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  @Test
  void rule_withANameThatTheSubjectLacks_doesNotApply() {
    OwnFilter own = new OwnFilter(new Template("fleets/${subject.O}/#"));
    ClientSubject ofNoFleet = new ClientSubject("service", "s", null, "consumer");
    OwnFilter.Names names = new OwnFilter.Names(ofNoFleet, "s");
    assertThat(own.appliesTo(names)).isFalse();
    assertThat(own.covers("fleets/f/a", names)).isFalse();
  }
}
