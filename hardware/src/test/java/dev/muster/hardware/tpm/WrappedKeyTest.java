/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.testing.TestPki;
import java.io.IOException;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.Base64;
import org.bouncycastle.asn1.ASN1Boolean;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.util.BigIntegers;
import org.junit.jupiter.api.Test;

/** Files of keys, as they are and as a bad disk gives them back. */
class WrappedKeyTest {
  private final ECPublicKey publicKey = (ECPublicKey) TestPki.newKey().getPublic();
  private final WrappedKey key = key();

  private WrappedKey key() {
    byte[] template = EccPublic.signingTemplate();
    byte[] publicArea = new TpmWriter()
        .bytes(Arrays.copyOf(template, template.length - 4))
        .sized(BigIntegers.asUnsignedByteArray(32, publicKey.getW().getAffineX()))
        .sized(BigIntegers.asUnsignedByteArray(32, publicKey.getW().getAffineY()))
        .toBytes();
    try {
      return new WrappedKey(TpmCommands.OWNER, new TpmCommands.Created(publicArea, new byte[126]));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] der(WrappedKey key) {
    String[] lines = key.toPem().split("\n");
    return Base64.getDecoder()
        .decode(String.join("", Arrays.copyOfRange(lines, 1, lines.length - 1)));
  }

  private static WrappedKey parse(byte[] der) {
    return WrappedKey.parse("-----BEGIN TSS2 PRIVATE KEY-----\n"
        + Base64.getMimeEncoder().encodeToString(der)
        + "\n-----END TSS2 PRIVATE KEY-----\n");
  }

  @Test
  void parse_whatWasWritten_isTheSame() {
    WrappedKey read = WrappedKey.parse("a comment\n" + key.toPem());

    assertThat(read.publicKey()).isEqualTo(publicKey);
    assertThat(read.parent()).isEqualTo(TpmCommands.OWNER);
    assertThat(read.parts().privatePart()).isEqualTo(key.parts().privatePart());
    assertThat(read.toPem()).isEqualTo(key.toPem());
  }

  @Test
  void parse_cutAnywhere_isRefused() {
    byte[] der = der(key);
    for (int length = 0; length < der.length; length++) {
      byte[] cut = Arrays.copyOf(der, length);
      assertThatThrownBy(() -> parse(cut)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void parse_nothingInTheSequence_isRefused() throws Exception {
    byte[] empty = new DERSequence().getEncoded();

    assertThatThrownBy(() -> parse(empty))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a loadable key");
  }

  @Test
  void parse_anyByteFlipped_isReadOrRefused_andNothingElse() {
    byte[] der = der(key);
    int refused = 0;
    for (int i = 0; i < der.length; i++) {
      byte[] flipped = der.clone();
      flipped[i] ^= (byte) (1 << i % 8);
      try {
        parse(flipped);
      } catch (IllegalArgumentException e) {
        refused++;
      }
    }
    // What remains is the private part and the point, which the TPM itself checks.
    assertThat(refused).isGreaterThan(30);
  }

  @Test
  void parse_keyWithAPasswordOrAPolicy_isRefused() {
    assertThatThrownBy(() -> parse(withOption(0, ASN1Boolean.FALSE)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a key with a password or a policy");
    assertThatThrownBy(() -> parse(withOption(1, new DERSequence())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("a key with a password or a policy");
  }

  private byte[] withOption(int tag, ASN1Encodable value) {
    ASN1Encodable[] parts = ASN1Sequence.getInstance(der(key)).toArray();
    parts[1] = new DERTaggedObject(true, tag, value);
    return encoded(parts);
  }

  @Test
  void parse_keyOfAnotherType_isRefused() {
    ASN1Encodable[] parts = ASN1Sequence.getInstance(der(key)).toArray();
    parts[0] = new ASN1ObjectIdentifier("2.23.133.10.1.4"); // Importable.

    assertThatThrownBy(() -> parse(encoded(parts)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not a loadable key");
  }

  private static byte[] encoded(ASN1Encodable[] parts) {
    try {
      return new DERSequence(parts).getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
