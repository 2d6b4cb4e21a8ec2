/*
 * Copyright The Muster Authors
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.muster.hardware.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.muster.device.internal.identity.KeyPlaces;
import dev.muster.device.internal.tls.TlsIdentity;
import dev.muster.device.key.KeyUnavailableException;
import dev.muster.device.key.KeyVault;
import dev.muster.hardware.FactoryVault;
import dev.muster.hardware.KeyVaultContract;
import dev.muster.hardware.MutualTls;
import dev.muster.testing.PeerProgram;
import dev.muster.testing.Swtpm;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Security;
import java.security.Signature;
import java.security.SignatureException;
import java.time.Duration;
import java.time.Instant;
import org.awaitility.Awaitility;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys in a TPM 2.0 that we did not write. */
class SwtpmTest extends KeyVaultContract {
  @TempDir
  static Path tpmFolder;

  private static Swtpm swtpm;

  @BeforeAll
  static void startTpm() {
    swtpm = Swtpm.start(tpmFolder);
  }

  @AfterAll
  static void stopTpm() {
    if (swtpm != null) {
      swtpm.close();
    }
  }

  @Override
  protected URI place() {
    return swtpm.uri("");
  }

  @Override
  protected boolean keepsItsKeys() {
    return true;
  }

  private static void restart() {
    swtpm.kill();
    swtpm.start();
  }

  @Test
  void sign_tpmRestartedInBetween_goesOnWithinTwoSeconds() throws Exception {
    KeyPair keys = vault().create(newHome("0001"));
    assertSigns(keys);

    for (int i = 0; i < 3; i++) {
      restart();
      Instant begun = Instant.now();
      assertSigns(keys);
      assertThat(Duration.between(begun, Instant.now())).isLessThan(Duration.ofSeconds(2));
    }
  }

  @Test
  void sign_tpmAway_failsAsTlsExpects_andSignsWhenItIsBack() throws Exception {
    KeyPair keys = vault().create(newHome("0001"));
    swtpm.kill();
    try {
      assertThatThrownBy(() -> assertSigns(keys))
          .isInstanceOf(SignatureException.class)
          .hasMessageStartingWith(place() + ": ")
          .hasCauseInstanceOf(KeyUnavailableException.class);
      assertThatThrownBy(() -> vault().load(newHome("0001")))
          .isInstanceOf(KeyUnavailableException.class);
      assertThatThrownBy(() -> vault().create(newHome("0002")))
          .isInstanceOf(KeyUnavailableException.class);
      assertThat(newHome("0002")).isEmptyDirectory();
    } finally {
      swtpm.start();
    }
    assertSigns(keys);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void tls_tpmRestartedBetweenHandshakes_goesOn(String protocol) throws Exception {
    try (MutualTls server = new MutualTls(folder, protocol)) {
      KeyPair keys = vault().create(newHome("0001"));
      assertThat(server.connect(keys)).startsWith(protocol);
      restart();
      assertThat(server.connect(keys)).startsWith(protocol);
    }
  }

  @Test
  void tls_sameContext_resumesWithoutTheTpm() throws Exception {
    try (MutualTls server = new MutualTls(folder, "TLSv1.3")) {
      TlsIdentity identity = server.identity(vault().create(newHome("0001")));
      server.connect(identity);
      swtpm.kill();
      try {
        assertThat(server.connect(identity)).isEqualTo("TLSv1.3 CN=d1");
      } finally {
        swtpm.start();
      }
    }
  }

  @Test
  void load_keyOfAnotherTpm_isRefused() throws Exception {
    KeyPair ours = vault().create(newHome("0001"));
    try (Swtpm other = Swtpm.start(folder);
        KeyVault otherVault = KeyPlaces.open(other.uri(""))) {
      assertThatThrownBy(() -> otherVault.load(newHome("0001")))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("TPM2_Load: INTEGRITY")
          .hasMessageContaining("made by another TPM");
    }
    assertSigns(ours);
  }

  @Test
  void named_file_isAKeyMadeBefore() throws Exception {
    KeyPair made = vault().create(newHome("0001"));
    Path file = newHome("0001").resolve("key.tss");

    try (KeyVault named = KeyPlaces.open(swtpm.uri("?file=" + file))) {
      assertThat(named.named().getPublic()).isEqualTo(made.getPublic());
      assertSigns(named.named());
    }
    assertThat(Files.readString(file)).startsWith("-----BEGIN TSS2 PRIVATE KEY-----");
  }

  @Test
  void namedOrNew_handle_isMadeOnceAndSurvivesARestart() throws Exception {
    try (FactoryVault place = (FactoryVault) KeyPlaces.open(swtpm.uri("?handle=0x81020000"))) {
      KeyPair made = place.namedOrNew();
      restart();
      assertSigns(made);
      assertThat(place.namedOrNew().getPublic()).isEqualTo(made.getPublic());
      assertThat(place.named().getPublic()).isEqualTo(made.getPublic());
    }
  }

  @Test
  void namedOrNew_file_isMadeOnce() throws Exception {
    Path file = folder.resolve("idevid.tss");
    try (FactoryVault place = (FactoryVault) KeyPlaces.open(swtpm.uri("?file=" + file))) {
      KeyPair made = place.namedOrNew();
      assertSigns(made);
      assertThat(place.namedOrNew().getPublic()).isEqualTo(made.getPublic());
    }
  }

  @Test
  void create_belowAStorageKeyThatIsKept_needsNoOwner() throws Exception {
    PeerProgram tools = PeerProgram.require("tpm2");
    vault().create(newHome("0000")); // The tools expect a TPM that somebody has started.
    vault().close();
    tools.run(folder, "createprimary", "-T", tcti(), "-G", "ecc", "-c", "srk").expectSuccess();
    tools.run(folder, "evictcontrol", "-T", tcti(), "-c", "srk", "0x81000001").expectSuccess();
    tools.run(folder, "changeauth", "-T", tcti(), "-c", "owner", "secret").expectSuccess();
    try (KeyVault below = KeyPlaces.open(swtpm.uri("?parent=0x81000001"));
        KeyVault owner = KeyPlaces.open(place())) {
      assertSigns(below.create(newHome("0001")));
      assertThatThrownBy(() -> owner.create(newHome("0002")))
          .isInstanceOf(KeyUnavailableException.class)
          .hasMessageContaining("TPM2_CreatePrimary: BAD_AUTH (0x9a2) for session 1")
          .hasMessageContaining("?parent=");
    }
    tools.run(folder, "changeauth", "-T", tcti(), "-c", "owner", "-p", "secret").expectSuccess();
  }

  private static String tcti() {
    return "swtpm:host=127.0.0.1,port=" + swtpm.port();
  }

  @Test
  void named_handleOfNothing_isRefused() {
    try (KeyVault named = KeyPlaces.open(swtpm.uri("?handle=0x81020099"))) {
      assertThatThrownBy(named::named)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(place() + "?handle=0x81020099: no key there (expected: one made before)");
    }
  }

  /** Another program reads our file, and has the same key sign. */
  @Test
  void create_fileOfTheKey_isOneThatOpensslReads() throws Exception {
    KeyPair keys = vault().create(newHome("0001"));
    vault().close();
    Path data = Files.writeString(folder.resolve("data"), "signed elsewhere");
    String where = "TPM2OPENSSL_TCTI=" + tcti();
    PeerProgram.require("env", where, "openssl", "list", "-providers", "-provider", "tpm2")
        .run(
            folder,
            where,
            "openssl",
            "dgst",
            "-sha256",
            "-provider",
            "tpm2",
            "-provider",
            "default",
            "-propquery",
            "?provider=tpm2",
            "-sign",
            newHome("0001").resolve("key.tss").toString(),
            "-out",
            "signature",
            data.toString())
        .expectSuccess();

    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initVerify(keys.getPublic());
    signature.update(Files.readAllBytes(data));
    assertThat(signature.verify(Files.readAllBytes(folder.resolve("signature"))))
        .isTrue();
  }

  /**
   * A terminal in raw mode stands for the kernel's device file: bytes go in and come out of one.
   */
  @Test
  void tpm_behindADeviceFile_makesAndUsesKeys() throws Exception {
    vault().close();
    Path device = folder.resolve("tpmrm0");
    Process bridge = PeerProgram.require("socat")
        .start(
            folder,
            folder.resolve("socat.out"),
            folder.resolve("socat.err"),
            "pty,raw,echo=0,link=" + device,
            "tcp:127.0.0.1:" + swtpm.port());
    try {
      Awaitility.await().until(() -> Files.exists(device));
      try (KeyVault behind = KeyPlaces.open(URI.create("tpm:" + device))) {
        assertSigns(behind.create(newHome("0001")));
        assertSigns(behind.load(newHome("0001")));
      }
    } finally {
      bridge.destroy();
      bridge.waitFor();
    }
  }

  @Test
  void sign_anotherProviderStandsFirst_isPassedOver() throws Exception {
    Security.insertProviderAt(new BouncyCastleProvider(), 1);
    try (MutualTls server = new MutualTls(folder, "TLSv1.3")) {
      KeyPair keys = vault().create(newHome("0001"));

      assertThat(server.connect(keys)).isEqualTo("TLSv1.3 CN=d1");
    } finally {
      Security.removeProvider(BouncyCastleProvider.PROVIDER_NAME);
    }
  }

  @Test
  void sign_digestOfAnotherLength_isRefused() throws Exception {
    Signature signature = Signature.getInstance("NONEwithECDSA");
    signature.initSign(vault().create(newHome("0001")).getPrivate());
    signature.update(MessageDigest.getInstance("SHA-1").digest());

    assertThatThrownBy(signature::sign)
        .isInstanceOf(SignatureException.class)
        .hasMessage("digest of 20 bytes (expected: 32, of SHA-256)");
  }

  @Test
  void open_whatAKilledProgramHadLoaded_isInNobodysWay() throws Exception {
    for (int i = 0; i < 5; i++) {
      Tpm killed = new Tpm(
          "killed", () -> SocketLink.open("127.0.0.1", swtpm.port(), Tpm.PATIENCE), Tpm.PATIENCE);
      vault().close();
      killed.check(killed.create(TpmCommands.OWNER));
      killed.drop();
    }
    try (KeyVault next = KeyPlaces.open(place())) {
      assertThatCode(() -> assertSigns(next.create(newHome("0001")))).doesNotThrowAnyException();
    }
  }
}
