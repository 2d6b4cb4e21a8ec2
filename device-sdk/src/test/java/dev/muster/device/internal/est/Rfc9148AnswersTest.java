/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.device.internal.est;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.ServerProtocolException;
import dev.muster.protocol.est.CsrAttributes;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The answers that RFC 9148 prints in its appendix A, as a device reads them. */
class Rfc9148AnswersTest {
  private static final HexFormat HEX = HexFormat.of();

  private static final String CACERTS =
      "3082027a06092a864886f70d010702a082026b308202670201013100300b"
          + "06092a864886f70d010701a082024d30820249308201efa0030201020208"
          + "0b8bb0fe604f6a1e300a06082a8648ce3d0403023067310b300906035504"
          + "0613025553310b300906035504080c024341310b300906035504070c024c"
          + "4131143012060355040a0c0b4578616d706c6520496e6331163014060355"
          + "040b0c0d63657274696669636174696f6e3110300e06035504030c07526f"
          + "6f74204341301e170d3139303133313131323730335a170d333930313236"
          + "3131323730335a3067310b3009060355040613025553310b300906035504"
          + "080c024341310b300906035504070c024c4131143012060355040a0c0b45"
          + "78616d706c6520496e6331163014060355040b0c0d636572746966696361"
          + "74696f6e3110300e06035504030c07526f6f742043413059301306072a86"
          + "48ce3d020106082a8648ce3d030107034200040c1b1e82ba8cc72680973f"
          + "97edb8a0c72ab0d405f05d4fe29b997a14ccce89008313d09666b6ce375c"
          + "595fcc8e37f8e4354497011be90e56794bd91ad951ab45a3818430818130"
          + "1d0603551d0e041604141df1208944d77b5f1d9dcb51ee244a523f3ef5de"
          + "301f0603551d230418301680141df1208944d77b5f1d9dcb51ee244a523f"
          + "3ef5de300f0603551d130101ff040530030101ff300e0603551d0f0101ff"
          + "040403020106301e0603551d110417301581136365727469667940657861"
          + "6d706c652e636f6d300a06082a8648ce3d040302034800304502202b891d"
          + "d411d07a6d6f621947635ba4c43165296b3f633726f02e51ecf464bd4002"
          + "2100b4be8a80d08675f041fbc719acf3b39dedc85dc92b3035868cb2daa8"
          + "f05db196a1003100";

  private static final String ENROLL =
      "3082026e06092a864886f70d010702a082025f3082025b0201013100300b"
          + "06092a864886f70d010701a08202413082023d308201e2a0030201020208"
          + "7e7661d7b54e4632300a06082a8648ce3d040302305d310b300906035504"
          + "0613025553310b300906035504080c02434131143012060355040a0c0b45"
          + "78616d706c6520496e6331163014060355040b0c0d636572746966696361"
          + "74696f6e3113301106035504030c0a3830322e3141522043413020170d31"
          + "39303133313131323931365a180f39393939313233313233353935395a30"
          + "5c310b3009060355040613025553310b300906035504080c024341310b30"
          + "0906035504070c024c4131143012060355040a0c0b6578616d706c652049"
          + "6e63310c300a060355040b0c03496f54310f300d06035504051306577431"
          + "3233343059301306072a8648ce3d020106082a8648ce3d03010703420004"
          + "c8b421f11c25e47e3ac57123bf2d9fdc494f028bc351cc80c03f150bf50c"
          + "ff958d75419d81a6a245dffae790be95cf75f602f9152618f816a2b23b56"
          + "38e59fd9a3818a30818730090603551d1304023000301d0603551d0e0416"
          + "041496600d8716bf7fd0e752d0ac760777ad665d02a0301f0603551d2304"
          + "183016801468d16551f951bfc82a431d0d9f08bc2d205b1160300e060355"
          + "1d0f0101ff0404030205a0302a0603551d1104233021a01f06082b060105"
          + "05070804a013301106092b06010401b43b0a01040401020304300a06082a"
          + "8648ce3d0403020349003046022100c0d81996d2507d693f3c48eaa5ee94"
          + "91bda6db214099d98117c63b361374cd86022100a774989f4c321a5cf25d"
          + "832a4d336a08ad67df20f1506421188a0ade6d349236a1003100";

  private static final String CSRATTRS =
      "307c06072b06010101011630220603883701311b131950617273652053455"
          + "420617320322e3939392e31206461746106092a864886f70d010907302c06"
          + "0388370231250603883703060388370413195061727365205345542061732"
          + "0322e3939392e32206461746106092b240303020801010b06096086480165"
          + "03040202";

  @Test
  void a1_cacerts_isTheRootOfAppendixC1() throws Exception {
    List<X509Certificate> roots = EstClient.parse(HEX.parseHex(CACERTS));
    assertThat(roots).singleElement().satisfies(root -> {
      assertThat(root.getSubjectX500Principal().getName()).startsWith("CN=Root CA,");
      assertThat(root.getSerialNumber().toString(16)).isEqualTo("b8bb0fe604f6a1e");
    });
  }

  @Test
  void a2_enroll_isTheCertificateOfAppendixC2_whichNeverEnds() throws Exception {
    List<X509Certificate> issued = EstClient.parse(HEX.parseHex(ENROLL));
    assertThat(issued).singleElement().satisfies(leaf -> {
      assertThat(leaf.getIssuerX500Principal().getName()).startsWith("CN=802.1AR CA,");
      assertThat(leaf.getNotAfter().toInstant()).isEqualTo(Instant.parse("9999-12-31T23:59:59Z"));
    });
  }

  /** Written again, it is the same; one of its wishes is what no device of this SDK can do. */
  @Test
  void a4_csrattrs_isReadWhole_andThatItWantsALinkToTheChannelIsTold() {
    byte[] der = HEX.parseHex(CSRATTRS);
    CsrAttributes wishes = CsrAttributes.read(der);
    assertThat(wishes.encode()).isEqualTo(der);
    assertThat(wishes.elements()).contains(new CsrAttributes.Element.Wish("1.3.6.1.1.1.1.22"));
    assertThatThrownBy(() -> Wishes.read(der))
        .isInstanceOf(ServerProtocolException.class)
        .hasMessageContaining("linked to their TLS channel");
  }
}
