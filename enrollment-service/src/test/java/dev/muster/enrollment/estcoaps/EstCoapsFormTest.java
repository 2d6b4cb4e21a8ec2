/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.enrollment.estcoaps;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What EST over CoAP writes and reads, against the RFC's own examples. */
class EstCoapsFormTest {
  private static String links(boolean keygen, String... query) {
    return new String(
        Discovery.links(resource -> keygen || !resource.segment().startsWith("sk"), List.of(query)),
        UTF_8);
  }

  @Test
  void multipart_exampleOfTheRfc_isWrittenByteForByte() {
    HexFormat hex = HexFormat.of();
    byte[] written =
        Multipart.of(284, hex.parseHex("0123456789abcdef"), 281, hex.parseHex("fedcba9876543210"));
    assertThat(hex.formatHex(written))
        .isEqualTo("8419011c480123456789abcdef19011948fedcba9876543210");
  }

  @Test
  void discovery_asInTheRfc_listsWhatIsServed() {
    String mandatory = "</est/crts>;rt=\"ace.est.crts\";ct=\"281 287\","
        + "</est/sen>;rt=\"ace.est.sen\";ct=\"281 287\","
        + "</est/sren>;rt=\"ace.est.sren\";ct=\"281 287\","
        + "</est/att>;rt=\"ace.est.att\";ct=285";
    assertThat(links(false, "rt=ace.est*")).isEqualTo(mandatory);
    assertThat(links(true))
        .isEqualTo(mandatory + ",</est/skg>;rt=\"ace.est.skg\";ct=62"
            + ",</est/skc>;rt=\"ace.est.skc\";ct=62");
  }

  @Test
  void discovery_filtered_listsWhatMatches() {
    assertThat(links(true, "rt=ace.est.att")).isEqualTo("</est/att>;rt=\"ace.est.att\";ct=285");
    assertThat(links(true, "href=/est/sk*", "ct=62")).contains("skg").contains("skc");
    assertThat(links(true, "rt=core.rd*")).isEmpty();
    assertThat(links(true, "obs")).isEmpty();
  }

  @Test
  void path_shortLongAndLabelled_areTold() {
    EstCoapsPath plain = new EstCoapsPath(null, EstCoapsResource.SEN);
    assertThat(EstCoapsPath.parse(List.of(".well-known", "est", "sen"))).contains(plain);
    assertThat(EstCoapsPath.parse(List.of("est", "sen"))).contains(plain);
    assertThat(EstCoapsPath.parse(List.of("est", "plant-a", "sren")))
        .contains(new EstCoapsPath("plant-a", EstCoapsResource.SREN));
    for (List<String> none : List.of(
        List.<String>of(),
        List.of("est"),
        List.of("sen"),
        List.of(".well-known", "est"),
        List.of("est", "simpleenroll"),
        List.of("est", "a", "b", "sen"))) {
      assertThat(EstCoapsPath.parse(none)).as(none.toString()).isEqualTo(Optional.empty());
    }
  }
}
