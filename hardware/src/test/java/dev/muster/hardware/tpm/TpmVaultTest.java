/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.key.KeyUnavailableException;
import dev.muster.hardware.FactoryVault;
import dev.muster.testing.TestPki;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.interfaces.ECPublicKey;
import java.util.Arrays;
import java.util.HexFormat;
import org.bouncycastle.util.BigIntegers;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which keys are ours, and which are lost, by what a TPM says. */
class TpmVaultTest {
  private static final byte[] NO_HANDLES =
      HexFormat.of().parseHex("80010000001300000000000000000100000000");
  private static final int OURS = 0x00040472;
  private static final int KEPT_PARENT = 0x81000001;

  @TempDir
  Path folder;

  private final ECPublicKey publicKey = (ECPublicKey) TestPki.newKey().getPublic();

  private byte[] publicArea(int attributes) {
    byte[] template = EccPublic.signingTemplate();
    return new TpmWriter()
        .u16(0x0023)
        .u16(EccPublic.SHA256)
        .u32(attributes)
        .bytes(Arrays.copyOfRange(template, 8, template.length - 4))
        .sized(BigIntegers.asUnsignedByteArray(32, publicKey.getW().getAffineX()))
        .sized(BigIntegers.asUnsignedByteArray(32, publicKey.getW().getAffineY()))
        .toBytes();
  }

  private static byte[] answer(byte[] body) {
    return new TpmWriter().u16(0x8001).u32(10 + body.length).u32(0).bytes(body).toBytes();
  }

  private static byte[] refusal(int code) {
    return new TpmWriter().u16(0x8001).u32(10).u32(code).toBytes();
  }

  private static FakeTpm tpm(byte[] answer) throws IOException {
    return new FakeTpm(code -> code == TpmCommand.GET_CAPABILITY.code() ? NO_HANDLES : answer);
  }

  private static FactoryVault vault(FakeTpm fake, String query) {
    return FactoryVault.open(URI.create("tpm:tcp://127.0.0.1:" + fake.port() + query));
  }

  private FakeTpm tpmWithAKeyOf(int attributes) throws IOException {
    return tpm(answer(new TpmWriter()
        .sized(publicArea(attributes))
        .sized(new byte[34])
        .sized(new byte[34])
        .toBytes()));
  }

  @Test
  void named_keyThatSignsAndIsBoundToItsTpm_isTaken() throws Exception {
    try (FakeTpm fake = tpmWithAKeyOf(OURS);
        FactoryVault vault = vault(fake, "?handle=0x81020000")) {
      assertThat(vault.named().getPublic()).isEqualTo(publicKey);
    }
  }

  /** In turn: fixedTPM, fixedParent, sensitiveDataOrigin, sign; and restricted. */
  @ParameterizedTest
  @ValueSource(ints = {1 << 1, 1 << 4, 1 << 5, 1 << 18, 1 << 16})
  void named_keyWithoutOneOfTheAttributes_isRefused(int bit) throws Exception {
    try (FakeTpm fake = tpmWithAKeyOf(OURS ^ bit);
        FactoryVault vault = vault(fake, "?handle=0x81020000")) {
      assertThatThrownBy(vault::named)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("?handle=0x81020000: restricted, not for signing, or not made");
      assertThatThrownBy(vault::namedOrNew).isInstanceOf(IllegalArgumentException.class);
    }
  }

  private void keyFile(int attributes) throws IOException {
    TpmCommands.Created parts = new TpmCommands.Created(publicArea(attributes), new byte[126]);
    Files.writeString(folder.resolve("key.tss"), new WrappedKey(KEPT_PARENT, parts).toPem());
  }

  @Test
  void load_keyInAFileThatWasBroughtHere_isRefused() throws Exception {
    keyFile(OURS ^ 1 << 1);
    try (FakeTpm fake = tpm(refusal(0x922));
        FactoryVault vault = vault(fake, "")) {
      assertThatThrownBy(() -> vault.load(folder))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("key.tss: restricted, not for signing, or not made there");
    }
  }

  /** The storage key is missing, or has a password: both can be mended, and the key is not lost. */
  @ParameterizedTest
  @ValueSource(ints = {0x18B, 0x9A2, 0x98E, 0x902})
  void load_refusedForWhatIsAroundTheKey_isUnavailable(int code) throws Exception {
    keyFile(OURS);
    try (FakeTpm fake = tpm(refusal(code));
        FactoryVault vault = vault(fake, "")) {
      assertThatThrownBy(() -> vault.load(folder))
          .isInstanceOf(KeyUnavailableException.class)
          .hasMessageContaining("TPM2_Load: ");
    }
  }

  @Test
  void load_refusedForTheKeyItself_isLost() throws Exception {
    keyFile(OURS);
    try (FakeTpm fake = tpm(refusal(0x1DF));
        FactoryVault vault = vault(fake, "")) {
      assertThatThrownBy(() -> vault.load(folder))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("TPM2_Load: INTEGRITY (0x1df) for parameter 1");
    }
  }
}
