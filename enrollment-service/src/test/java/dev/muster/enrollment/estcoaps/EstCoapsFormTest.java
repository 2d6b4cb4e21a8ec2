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
  /** The key of appendix A.3, in PKCS #8. */
  private static final String KEY = "308187020100301306072a8648ce3d020106082a8648ce3d030107046d30"
      + "6b020101042061336a86ac6e7af4a96f632830ad4e6aa0837679206094d7"
      + "679a01ca8c6f0c37a14403420004c8b421f11c25e47e3ac57123bf2d9fdc"
      + "494f028bc351cc80c03f150bf50cff958d75419d81a6a245dffae790be95"
      + "cf75f602f9152618f816a2b23b5638e59fd9";

  /** The certificate of appendix A.3, as certs-only. */
  private static final String CERTIFICATE =
      "308201cf06092a864886f70d010702a08201c0308201bc0201013100300b"
          + "06092a864886f70d010701a08201a23082019e30820144a0030201020209"
          + "00b3313e8f3fc9538e300a06082a8648ce3d040302301631143012060355"
          + "040a0c0b736b67206578616d706c65301e170d3139303930343037343430"
          + "335a170d3339303833303037343430335a301631143012060355040a0c0b"
          + "736b67206578616d706c653059301306072a8648ce3d020106082a8648ce"
          + "3d03010703420004c8b421f11c25e47e3ac57123bf2d9fdc494f028bc351"
          + "cc80c03f150bf50cff958d75419d81a6a245dffae790be95cf75f602f915"
          + "2618f816a2b23b5638e59fd9a37b307930090603551d1304023000302c06"
          + "096086480186f842010d041f161d4f70656e53534c2047656e6572617465"
          + "64204365727469666963617465301d0603551d0e0416041496600d8716bf"
          + "7fd0e752d0ac760777ad665d02a0301f0603551d2304183016801496600d"
          + "8716bf7fd0e752d0ac760777ad665d02a0300a06082a8648ce3d04030203"
          + "48003045022100e95bfa25a08976652246f2d96143da39fce0dc4c9b26b9"
          + "cce1f24164cc2b12b602201351fd8eea65764e3459d324e4345ff5b2a915"
          + "38c04976111796b3698bf6379ca1003100";

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
  void a3_serverkeygen_isWrittenByteForByte() {
    HexFormat hex = HexFormat.of();
    byte[] written = Multipart.of(284, hex.parseHex(KEY), 281, hex.parseHex(CERTIFICATE));
    assertThat(hex.formatHex(written))
        .isEqualTo("84" + "19011c" + "588a" + KEY + "190119" + "5901d3" + CERTIFICATE);
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
    assertThat(EstCoapsPath.parse(List.of(".well-known", "est", "plant-a", "sren")))
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
