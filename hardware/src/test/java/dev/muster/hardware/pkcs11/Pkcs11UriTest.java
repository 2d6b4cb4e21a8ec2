/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.pkcs11;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class Pkcs11UriTest {
  private static Pkcs11Uri parse(String attributes) {
    return Pkcs11Uri.parse(
        URI.create("pkcs11:" + attributes + "?module-path=/l.so&pin-source=file:/p%20q"));
  }

  /** RFC 7512, 2.3: nothing but percent-encoding, and a plus is a plus. */
  @Test
  void parse_percentAndPlus_areThoseOfUris() {
    Pkcs11Uri uri = parse("token=My%20token%3B+1;object=caf%C3%A9");

    assertThat(uri.token()).isEqualTo("My token;+1");
    assertThat(uri.object()).isEqualTo("caf\u00e9");
    assertThat(uri.pinSource()).isEqualTo(Path.of("/p q"));
  }

  @Test
  void parse_whatTellsTokensApart_isKept() {
    Pkcs11Uri uri = parse("serial=0042;model=M%202;manufacturer=ACME");

    assertThat(uri.serial()).isEqualTo("0042");
    assertThat(uri.model()).isEqualTo("M 2");
    assertThat(uri.manufacturer()).isEqualTo("ACME");
    assertThat(uri.isSlotAlone()).isFalse();
    assertThat(uri.name()).isEqualTo("pkcs11:manufacturer=ACME;model=M 2;serial=0042");
  }

  @Test
  void parse_slotInPlaceOfAToken_isEnough() {
    Pkcs11Uri uri = parse("slot-id=1234567890");

    assertThat(uri.slot()).hasValue(1_234_567_890L);
    assertThat(uri.token()).isNull();
    assertThat(uri.isSlotAlone()).isTrue();
    assertThat(uri.name()).isEqualTo("pkcs11:slot-id=1234567890");
  }
}
